/**
 * Vulnerabilities to plant in a report: what a policy that denies anything would find worth denying.
 *
 * They have all that policies ask for: an ID that looks like one, a score, a component and a version that mends them.
 */
import type { Severity } from './report.ts';
import { worstSeverity } from './severity.ts';

export interface Planted {
  readonly id: string;
  /** The severity, as scanners spell it in the format. */
  readonly word: string;
  /** A CVSS base score that goes with it; 0 where nobody knows. */
  readonly score: number;
  readonly component: string;
  readonly version: string;
  readonly fixedIn: string;
}

const SCORES: Readonly<Record<Severity, number>> = { CRITICAL: 9.8, HIGH: 8.1, MEDIUM: 5.3, LOW: 2.5, UNKNOWN: 0 };

const planted = (word: string, index: number): Planted => ({
  id: `CVE-0000-${1001 + index}`,
  word,
  score: SCORES[worstSeverity([{ severity: word }])],
  component: `canary-${index + 1}`,
  version: '1.0.0',
  fixedIn: '1.0.1',
});

/** Reports by `write`: one without any, one of the first word alone, and one of all. */
export const canariesOf = (
  words: readonly string[],
  write: (vulnerabilities: readonly Planted[]) => string,
): readonly string[] => {
  const all = words.map(planted);
  return [write([]), write(all.slice(0, 1)), write(all)];
};
