/**
 * What Trivy and Grype write into SARIF's texts, since SARIF has no fields for it: a line for each fact.
 *
 * Trivy writes them into the result's message, Grype into its rule's help.
 *
 * @see aquasecurity/trivy: pkg/report/sarif.go, anchore/grype: grype/presenter/sarif/presenter.go
 */

/** The facts that a text tells in its lines. */
export interface LinedFacts {
  readonly id?: string;
  readonly severity?: string;
  readonly component?: string;
  readonly version?: string;
  readonly fixedIn?: string;
}

const LABELS: readonly (readonly [label: string, fact: keyof LinedFacts])[] = [
  ['Vulnerability ', 'id'],
  ['Severity: ', 'severity'],
  ['Package: ', 'component'],
  ['Installed Version: ', 'version'],
  ['Version: ', 'version'],
  ['Fixed Version: ', 'fixedIn'],
  ['Fix Version: ', 'fixedIn'],
];

/** The facts come first; what follows is prose, and may be as long as a report, for each of its results again. */
const MOST_CHARACTERS = 4_096;
const MOST_LINES = 12;

/** What the first lines of a text tell; nothing where it is prose. */
export const linedFacts = (text = ''): LinedFacts => {
  const facts: { -readonly [K in keyof LinedFacts]: LinedFacts[K] } = {};
  for (const line of text.slice(0, MOST_CHARACTERS).split('\n', MOST_LINES)) {
    const [label, fact] = LABELS.find(([start]) => line.startsWith(start)) ?? [];
    const value = label === undefined ? '' : line.slice(label.length).trim();
    if (fact !== undefined && value !== '') facts[fact] ??= value;
  }
  return facts;
};
