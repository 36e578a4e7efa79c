/** Findings and the report that holds them: made alike whatever the format, and counted. */
import type { ReportFormat } from '../../events/report-ready.ts';
import type { CveCount, Finding, Rating, Report, Scanner } from './report.ts';
import { worstSeverity } from './severity.ts';

/** What a report tells of something: each field, or that it does not tell it. */
export type Told<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Fields that are told, and no others. */
export const onlyTold = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } => {
  const kept: Record<string, unknown> = {};
  for (const key in fields) if (fields[key] !== undefined) kept[key] = fields[key];
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> };
};

/** The ID of a vulnerability that the report does not name: it counts all the same, and a policy can deny it. */
const NO_ID = 'UNKNOWN';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Place = Pick<Finding, 'component' | 'version' | 'fixedIn'>;

/**
 * The same finding in a place. Its severity is not worked out again: of both ratings and places there may be many.
 * Here and below fields are set one by one, since there may be 100 000 of them.
 */
export const findingIn = (finding: Finding, { component, version, fixedIn }: Told<Place>): Finding => {
  const placed: Mutable<Finding> = { ...finding };
  if (component !== undefined) placed.component = component;
  if (version !== undefined) placed.version = version;
  if (fixedIn !== undefined) placed.fixedIn = fixedIn;
  return placed;
};

/** A finding of what a report tells, wherever it is. */
export const findingOf = ({
  id = NO_ID,
  ratings = [],
  description,
}: Told<Omit<Finding, 'severity' | keyof Place>>): Finding => {
  const finding: Mutable<Finding> = { id, severity: worstSeverity(ratings), ratings };
  if (description !== undefined) finding.description = description;
  return finding;
};

/** A rating of what a report tells. */
export const ratingOf = ({ severity, score, method, vector, source }: Told<Rating>): Rating => {
  const rating: Mutable<Rating> = {};
  if (severity !== undefined) rating.severity = severity;
  if (score !== undefined) rating.score = score;
  if (method !== undefined) rating.method = method;
  if (vector !== undefined) rating.vector = vector;
  if (source !== undefined) rating.source = source;
  return rating;
};

/** The findings by severity, repeated ones included: what the report lists. */
export const countFindings = (findings: readonly Finding[]): CveCount => {
  const counts = { CRITICAL: 0, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: findings.length };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
};

/** A report of what was read. */
export const reportOf = (
  format: ReportFormat,
  findings: readonly Finding[],
  { scanner, artifact }: { readonly scanner: Told<Scanner>; readonly artifact: string | undefined },
): Report => {
  const by = onlyTold(scanner);
  return {
    format,
    findings,
    cveCount: countFindings(findings),
    ...(Object.keys(by).length > 0 && { scanner: by }),
    ...(artifact !== undefined && { artifact }),
  };
};
