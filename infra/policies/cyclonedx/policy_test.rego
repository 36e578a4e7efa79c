package main_test

import data.main

# What each place in a report looks like, with these vulnerabilities in it.
xml_components(vulnerabilities) := {"bom": {"components": {"component": [
	{"name": "clean", "vulnerabilities": ""},
	{"name": "openssl", "-type": "library", "vulnerabilities": {"vulnerability": vulnerabilities}},
]}}}

xml_component(vulnerabilities) := {"bom": {"components": {"component": {"vulnerabilities": {"vulnerability": vulnerabilities}}}}}

xml(vulnerabilities) := {"bom": {"-version": "1", "vulnerabilities": {"vulnerability": vulnerabilities}}}

json(vulnerabilities) := {"bom": {"bomFormat": "CycloneDX", "components": [{"name": "openssl"}], "vulnerabilities": vulnerabilities}}

in_xml(id, severities) := {"-ref": "1", "id": id, "ratings": {"rating": [{"severity": severity} | some severity in severities]}}

alone_in_xml(id, severity) := {"-ref": "1", "id": id, "ratings": {"rating": {"severity": severity}}}

in_json(id, severities) := {"id": id, "ratings": [{"severity": severity} | some severity in severities]}

test_sees_vulnerabilities_wherever_a_report_has_them if {
	several := [in_xml("CVE-1", ["High"]), in_xml("CVE-2", ["Low"])]
	every report in [xml_components(several), xml_component(several), xml(several)] {
		main.deny == {"CVE-1 is high"} with input as report
	}
	main.deny == {"CVE-1 is high"} with input as json([in_json("CVE-1", ["high"]), in_json("CVE-2", ["low"])])
}

test_sees_what_stands_alone_in_xml if {
	one := alone_in_xml("CVE-1", "Critical")
	every report in [xml_components(one), xml_component(one), xml(one)] {
		main.deny == {"CVE-1 is critical"} with input as report
	}
}

test_takes_the_worst_of_several_ratings if {
	main.deny == {"CVE-1 is high, low"} with input as xml(in_xml("CVE-1", ["Low", "High"]))
	main.deny == {"CVE-1 is high, low"} with input as json([in_json("CVE-1", ["low", "high"])])
}

test_denies_what_nobody_rated if {
	unrated := [
		{"id": "CVE-1"},
		{"id": "CVE-2", "ratings": ""},
		{"id": "CVE-3", "ratings": {"rating": {"score": "5"}}},
		in_xml("CVE-4", ["Unknown"]),
	]
	main.deny == {sprintf("CVE-%d has no known severity", [n]) | some n in [1, 2, 3, 4]} with input as xml(unrated)
	main.deny == {"CVE-1 has no known severity"} with input as json([{"id": "CVE-1", "ratings": []}])
}

test_lets_pass_what_may_be_there if {
	count(main.deny) == 0 with input as json([in_json("CVE-1", ["medium"]), in_json("CVE-2", ["none", "unknown"])])
	count(main.deny) == 0 with input as json([in_json("CVE-2018-14643", ["critical"])])
	count(main.deny) == 0 with input as json([])
	count(main.deny) == 0 with input as {"bom": {"components": "", "vulnerabilities": ""}}
}
