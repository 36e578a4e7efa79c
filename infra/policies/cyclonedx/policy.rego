# Asked about a whole CycloneDX report, be it XML or JSON: are there vulnerabilities of severities that it may not have?
package main

# Severities that no artifact may have.
denied := {"critical", "high"}

# Vulnerabilities that are let pass, whatever their severity.
accepted := {"CVE-2018-14643"}

deny contains message if {
	some vulnerability in vulnerabilities
	not vulnerability.id in accepted
	severities := severities_of(vulnerability)
	count(severities & denied) > 0
	message := sprintf("%s is %s", [vulnerability.id, concat(", ", severities)])
}

# What nobody rated may be anything.
deny contains message if {
	some vulnerability in vulnerabilities
	not vulnerability.id in accepted
	count(severities_of(vulnerability) - {"unknown"}) == 0
	message := sprintf("%s has no known severity", [vulnerability.id])
}

# An element of XML that stands alone is an object, several are an array. Where there is none, there is no list.
list(value) := value if is_array(value)

list(value) := [value] if is_object(value)

# Where a report has vulnerabilities: inside of its components (XML 1.2, with the extension for them), beside them
# (XML 1.4 and later), and beside them as JSON.
vulnerabilities := [vulnerability |
	some place in [in_components, in_xml, in_json]
	some vulnerability in place
]

in_components := [vulnerability |
	some component in list(input.bom.components.component)
	some vulnerability in list(component.vulnerabilities.vulnerability)
]

in_xml := [vulnerability | some vulnerability in list(input.bom.vulnerabilities.vulnerability)]

in_json := [vulnerability |
	is_array(input.bom.vulnerabilities)
	some vulnerability in input.bom.vulnerabilities
]

# Ratings are a list in JSON, and in XML an element around one rating or several. Some are scores only.
severities_of(vulnerability) := {lower(rating.severity) | some rating in ratings_of(vulnerability)}

ratings_of(vulnerability) := vulnerability.ratings if is_array(vulnerability.ratings)

ratings_of(vulnerability) := list(vulnerability.ratings.rating) if is_object(vulnerability.ratings)
