/** The worst findings of a report, for people to read. */
import type { Vulnerability } from '../../conditions/facts.ts';
import { cleanText, cutText } from '../../conditions/text.ts';
import { onlyTold } from './findings.ts';
import type { Finding } from './report.ts';
import { severityRank } from './severity.ts';

const MOST = 20;
/** The bytes of each text: one hostile name must not push all others out of a status. */
const TEXT_BYTES = 256;

const compareTexts = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

const compare = (a: Finding, b: Finding): number =>
  severityRank(a.severity) - severityRank(b.severity) ||
  compareTexts(a.id, b.id) ||
  compareTexts(a.component ?? '', b.component ?? '') ||
  compareTexts(a.version ?? '', b.version ?? '') ||
  compareTexts(a.fixedIn ?? '', b.fixedIn ?? '');

const isSame = (a: Finding, b: Finding): boolean =>
  a.id === b.id && a.component === b.component && a.version === b.version;

/** Puts a finding among the worst so far, which are in order; of two of one vulnerability the worse one stays. */
const rank = (worst: Finding[], finding: Finding): void => {
  const last = worst[MOST - 1];
  if (last !== undefined && compare(finding, last) >= 0) return;
  const same = worst.findIndex((other) => isSame(other, finding));
  const before = worst[same];
  if (before !== undefined) {
    if (compare(before, finding) <= 0) return;
    worst.splice(same, 1);
  }
  const place = worst.findIndex((other) => compare(finding, other) < 0);
  worst.splice(place < 0 ? worst.length : place, 0, finding);
  if (worst.length > MOST) worst.pop();
};

const shown = (text: string): string => cutText(cleanText(text), TEXT_BYTES);

const vulnerabilityOf = ({ id, severity, component, version, fixedIn }: Finding): Vulnerability => {
  const name = version === undefined ? component : `${component ?? ''}@${version}`;
  return {
    id: shown(id),
    severity,
    ...onlyTold({
      component: name === undefined ? undefined : shown(name),
      fixedIn: fixedIn === undefined ? undefined : shown(fixedIn),
    }),
  };
};

/**
 * The worst findings, 20 at most: the worst severity first, then by ID; a vulnerability of one component once.
 * With `ids`, only of the vulnerabilities that these name. The component is told as `NAME@VERSION`.
 */
export const worstFindings = (findings: readonly Finding[], ids?: Iterable<string>): readonly Vulnerability[] => {
  const asked = ids === undefined ? undefined : new Set(ids);
  const worst: Finding[] = [];
  for (const finding of findings) if (asked?.has(finding.id) ?? true) rank(worst, finding);
  return worst.map(vulnerabilityOf);
};
