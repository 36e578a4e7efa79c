package policies_test

import data.policies

vulnerability(id, severities) := {"currentVulnerability": {
	"Id": id,
	"Ratings": {"Rating": [{"Severity": severity} | some severity in severities]},
}}

test_denies_the_severities_that_no_artifact_may_have if {
	every severity in policies.denied {
		not policies.isCompliant with input as vulnerability("CVE-1", [severity])
	}
}

test_lets_other_severities_pass if {
	every severity in {"Medium", "Low", "Negligible"} {
		policies.isCompliant with input as vulnerability("CVE-1", [severity])
	}
}

test_takes_the_worst_of_several_ratings if {
	not policies.isCompliant with input as vulnerability("CVE-1", ["Low", "High"])
	policies.isCompliant with input as vulnerability("CVE-1", ["Low", "Medium"])
}

test_denies_what_nobody_rated if {
	not policies.isCompliant with input as vulnerability("CVE-1", [])
	not policies.isCompliant with input as {"currentVulnerability": {"Id": "CVE-1"}}
}

test_lets_what_is_accepted_pass if {
	policies.isCompliant with input as vulnerability("CVE-2018-14643", ["Critical"])
	policies.isCompliant with input as vulnerability("CVE-2018-14643", [])
}

test_denies_an_input_without_a_vulnerability if {
	not policies.isCompliant with input as {}
	policies.isCompliant == false with input as {}
}
