# Asked about a whole report, in a form that is the same for all formats: what has a fix must be fixed.
package scan

# Severities that are denied as soon as there is a fix.
severe := {"CRITICAL", "HIGH"}

# Vulnerabilities that are let pass until an instant, and why. An exception that has no such instant is none.
exceptions := {"CVE-2018-14643": {
	"until": "2027-01-01T00:00:00Z",
	"why": "only the management console is affected, which is not installed",
}}

excepted(id) if time.now_ns() < time.parse_rfc3339_ns(exceptions[id].until)

violations contains violation(found, sprintf("is fixed in %s", [found.fixedIn])) if {
	some found in input.vulnerabilities
	found.severity in severe
	found.fixedIn != ""
	not excepted(found.id)
}

# What nobody rated may be anything.
violations contains violation(found, "has no known severity") if {
	some found in input.vulnerabilities
	found.severity == "UNKNOWN"
	not excepted(found.id)
}

violation(found, why) := {
	"id": found.id,
	"severity": found.severity,
	"component": component_of(found),
	"msg": sprintf("%s of %s %s", [found.id, component_of(found), why]),
}

component_of(found) := object.get(found, "component", "an unnamed component")
