/** Policies that were not written with us in mind: as teams have had them for years, in Rego v0, and one for what is hard. */

/** Asked once a vulnerability. */
export const EACH_VULNERABILITY = `package policies

default isCompliant = false

violatingSeverities := ["Critical", "High", "UnknownSeverity"]
ignoredCVEs := ["CVE-2018-14643"]

contains(array, elem) = true {
	array[_] = elem
} else = false {
	true
}

isSafe(match) {
	fails := contains(violatingSeverities, match.Ratings.Rating[_].Severity)
	not fails
}

isSafe(match) {
	ignored := contains(ignoredCVEs, match.Id)
	ignored
}

isCompliant = isSafe(input.currentVulnerability)
`;

/** Over CycloneDX in XML, whose elements are an object or an array. */
export const COMPONENTS = `package main

notAllowed := ["Critical", "High", "UnknownSeverity", "critical", "high", "unknown"]

contains(array, elem) = true {
	array[_] = elem
} else = false {
	true
}

isSafe(match) {
	severities := {e | e := match.ratings.rating.severity} | {e | e := match.ratings.rating[_].severity}
	some i
	fails := contains(notAllowed, severities[i])
	not fails
}

deny[msg] {
	comps := {e | e := input.bom.components.component} | {e | e := input.bom.components.component[_]}
	some i
	comp := comps[i]
	vulns := {e | e := comp.vulnerabilities.vulnerability} | {e | e := comp.vulnerabilities.vulnerability[_]}
	some j
	vuln := vulns[j]
	ratings := {e | e := vuln.ratings.rating.severity} | {e | e := vuln.ratings.rating[_].severity}
	not isSafe(vuln)
	msg = sprintf("CVE %s %s %s", [comp.name, vuln.id, ratings])
}
`;

/** Over SPDX with vulnerabilities. */
export const RELATIONSHIPS = `package main

notAllowed := ["critical", "high", "Critical", "High"]

contains(array, elem) = true {
	array[_] = elem
} else = false {
	true
}

isSafe(ratings) {
	fails := {r | r := ratings[_]; contains(notAllowed, r)}
	count(fails) == 0
}

deny[msg] {
	vulns := {e | e := input.vulnerabilities[_]}
	some i
	vuln := vulns[i]
	ratings := {e | e := vuln.relationships[_].ratedBy.rating[_].severity}
	comp := vuln.relationships[_].affect.to[_]
	not isSafe(ratings)
	msg = sprintf("%s %s %s", [comp, vuln.id, ratings])
}
`;

/** Hands sets to built-ins, which must not take them for arrays; what they make of them decides. */
export const SETS = `package scan

words(found) := {lower(rating.severity) | some rating in found.ratings}

violations contains {"id": found.id} if {
	some found in input.vulnerabilities
	object.subset({"critical", "high", "medium"}, words(found))
	count(words(found)) > 0
}

violations contains {"id": found.id} if {
	some found in input.vulnerabilities
	sprintf("%v", [words(found)]) in {"{\\"low\\"}", "{\\"info\\", \\"low\\"}"}
}
`;
