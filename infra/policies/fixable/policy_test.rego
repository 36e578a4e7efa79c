package scan_test

import data.scan

fixed(id, severity) := {"id": id, "severity": severity, "ratings": [], "component": "openssl", "fixedIn": "3.0.8"}

unfixed(id, severity) := object.remove(fixed(id, severity), ["fixedIn"])

# The IDs that violate the policy.
ids(vulnerabilities) := {violation.id |
	some violation in scan.violations with input as {"vulnerabilities": vulnerabilities}
}

test_denies_what_is_severe_and_has_a_fix if {
	ids([fixed("CVE-1", "CRITICAL"), fixed("CVE-2", "HIGH")]) == {"CVE-1", "CVE-2"}
}

test_lets_pass_what_has_no_fix_or_is_not_severe if {
	ids([unfixed("CVE-1", "CRITICAL"), fixed("CVE-2", "MEDIUM"), fixed("CVE-3", "LOW")]) == set()
	ids([object.union(fixed("CVE-1", "HIGH"), {"fixedIn": ""})]) == set()
	ids([]) == set()
}

test_denies_what_has_no_known_severity if {
	ids([unfixed("CVE-1", "UNKNOWN"), fixed("CVE-2", "UNKNOWN")]) == {"CVE-1", "CVE-2"}
}

test_says_what_to_do if {
	scan.violations == {{
		"id": "CVE-1",
		"severity": "HIGH",
		"component": "openssl",
		"msg": "CVE-1 of openssl is fixed in 3.0.8",
	}} with input as {"vulnerabilities": [fixed("CVE-1", "HIGH")]}
}

test_needs_no_component if {
	scan.violations == {{
		"id": "CVE-1",
		"severity": "UNKNOWN",
		"component": "an unnamed component",
		"msg": "CVE-1 of an unnamed component has no known severity",
	}} with input as {"vulnerabilities": [{"id": "CVE-1", "severity": "UNKNOWN", "ratings": []}]}
}

test_lets_an_exception_pass_until_it_expires if {
	known := [fixed("CVE-2018-14643", "CRITICAL")]
	ids(known) == set() with time.now_ns as time.parse_rfc3339_ns("2026-12-31T23:59:59Z")
	ids(known) == {"CVE-2018-14643"} with time.now_ns as time.parse_rfc3339_ns("2027-01-01T00:00:00Z")
}

test_has_no_exceptions_without_an_end if {
	every end in [{}, {"until": "soon"}, {"until": null}] {
		ids([fixed("CVE-1", "HIGH")]) == {"CVE-1"} with scan.exceptions as {"CVE-1": end}
	}
}
