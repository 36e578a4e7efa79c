# Asked about one vulnerability at a time: is it of a severity that an artifact may have?
package policies

# Severities that no artifact may have.
denied := {"Critical", "High", "UnknownSeverity"}

# Vulnerabilities that are let pass, whatever their severity.
accepted := {"CVE-2018-14643"}

default isCompliant := false

isCompliant if input.currentVulnerability.Id in accepted

# Whoever rated it, none found it denied. What nobody rated may be anything, so it is not compliant.
isCompliant if {
	severities := {rating.Severity | some rating in input.currentVulnerability.Ratings.Rating}
	count(severities) > 0
	count(severities & denied) == 0
}
