/** `package policies`: asked about each vulnerability on its own whether it is compliant. */
import type { JsonObject } from '../conditions/status.ts';
import { type Judge, wrongAnswer } from './judge.ts';
import { release } from './release.ts';
import type { Finding, Rating, Severity } from './reports/report.ts';
import { worstSeverity } from './reports/severity.ts';

export const POLICIES = 'policies/isCompliant';

/** Severities as such policies list them. */
const CAPITALISED: Readonly<Record<Severity, string>> = {
  CRITICAL: 'Critical',
  HIGH: 'High',
  MEDIUM: 'Medium',
  LOW: 'Low',
  UNKNOWN: 'UnknownSeverity',
};
/** Assessed, and not worth a severity: they know a word of its own for it. */
const NEGLIGIBLE = /^(?:negligible|none|info|informational)$/i;

const ratingInput = (rating: Rating): JsonObject => ({
  Severity: NEGLIGIBLE.test(rating.severity ?? '') ? 'Negligible' : CAPITALISED[worstSeverity([rating])],
  ...(rating.score !== undefined && { Score: { Base: rating.score } }),
  ...(rating.method !== undefined && { Method: rating.method }),
  ...(rating.vector !== undefined && { Vector: rating.vector }),
});

const currentVulnerability = ({ id, severity, ratings, ...finding }: Finding): JsonObject => ({
  Id: id,
  Severity: CAPITALISED[severity],
  Ratings: { Rating: ratings.map(ratingInput) },
  Component: finding.component ?? '',
  Version: finding.version ?? '',
  FixedIn: finding.fixedIn ?? '',
  Description: finding.description ?? '',
});

const encoder = new TextEncoder();

export const eachFinding: Judge = (ask, { report, json }) => {
  release(json);
  const isCompliant = (finding: Finding): boolean => {
    const input = JSON.stringify({ currentVulnerability: currentVulnerability(finding) });
    const answer = ask(encoder.encode(input));
    if (typeof answer !== 'boolean') throw wrongAnswer(POLICIES, 'true or false', answer);
    return answer;
  };
  return { violations: report.findings.filter((finding) => !isCompliant(finding)).map(({ id }) => id), nameless: [] };
};
