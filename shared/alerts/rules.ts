/** Which changes are alerts: what a rule is, what it is asked about, and whether it is meant. */
import { type ScanRef, SEVERITIES } from '../conditions/facts.ts';
import type { AlertSeverity, NamedVulnerability } from './alert.ts';
import { isLike } from './glob.ts';
import type { QuietHours } from './quiet-hours.ts';
import type { Template } from './template.ts';

type ConditionType = 'Scanning' | 'Succeeded' | 'PolicySucceeded';
type Status = 'True' | 'False' | 'Unknown';
type VulnerabilitySeverity = (typeof SEVERITIES)[number];

/** A condition of a scan, as the fact that decides it has made it. */
export interface Occurrence {
  readonly scan: ScanRef;
  readonly labels: Readonly<Record<string, string>>;
  readonly condition: ConditionType;
  readonly to: Status;
  /** What it was in the run before; absent, there is none that is known. */
  readonly from?: Status;
  /** The worst vulnerabilities that failed the policy, the worst first. */
  readonly worst: readonly NamedVulnerability[];
  /** How many failed it. */
  readonly count: number;
  /** The same of those that the run before did not have; absent, all count as new. */
  readonly fresh?: Pick<Occurrence, 'worst' | 'count'>;
}

export interface Match {
  readonly condition: ConditionType;
  /** Any of these. */
  readonly to: readonly Status[];
  /** Any of these; a scan of which nothing was known before is not meant. */
  readonly from?: readonly Status[];
  readonly kinds?: readonly string[];
  /** Names, of which `*` stands for any run of characters. */
  readonly namespaces?: readonly string[];
  /** All of these. */
  readonly labels?: Readonly<Record<string, string>>;
  /** At least one vulnerability of the worst is as severe as this. */
  readonly severity?: VulnerabilitySeverity;
  /** At least so many vulnerabilities failed the policy. */
  readonly count?: number;
}

/** Milliseconds: how long a group waits for more scans before it is told, and between two tellings of it. */
interface Grouping {
  readonly wait: number;
  readonly every: number;
}

export interface Rule {
  readonly name: string;
  readonly when: Match;
  readonly severity: AlertSeverity;
  /** Told again for each run that is in the same way; when the condition changes; or once in the life of the scan. */
  readonly once: 'per-run' | 'per-change' | 'per-scan';
  /** Only vulnerabilities that the run before did not have are an alert. */
  readonly onlyNew: boolean;
  /** The scans of a namespace together are one alert; absent, each is its own. */
  readonly group?: Grouping;
  /** Absent, it may be told at any hour. */
  readonly quiet?: QuietHours;
  /** Names of receivers. */
  readonly receivers: readonly string[];
  readonly title: Template;
  readonly text: Template;
}

/** Less for worse. A word that is none of ours says as little as UNKNOWN, which is the last. */
const rankOf = (severity: string): number => {
  const rank = (SEVERITIES as readonly string[]).indexOf(severity.toUpperCase());
  return rank === -1 ? SEVERITIES.length - 1 : rank;
};

const isAny = <T>(wanted: readonly T[] | undefined, value: T | undefined): boolean =>
  wanted === undefined || (value !== undefined && wanted.includes(value));

const hasAll = (labels: Readonly<Record<string, string>>, wanted: Match['labels'] = {}): boolean =>
  Object.entries(wanted).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);

const isInAny = (namespace: string, patterns: Match['namespaces']): boolean =>
  patterns === undefined || patterns.some((pattern) => isLike(namespace, pattern));

const isAsSevere = (worst: Occurrence['worst'], least: Match['severity']): boolean =>
  least === undefined || worst.some(({ severity }) => rankOf(severity) <= rankOf(least));

/** Whether a rule means this. */
export const matches = (
  { when, onlyNew }: Pick<Rule, 'when' | 'onlyNew'>,
  { scan, labels, condition, to, from, fresh, ...all }: Occurrence,
): boolean => {
  const { worst, count } = (onlyNew ? fresh : undefined) ?? all;
  return (
    when.condition === condition &&
    when.to.includes(to) &&
    isAny(when.from, from) &&
    isAny(when.kinds, scan.kind) &&
    isInAny(scan.namespace, when.namespaces) &&
    hasAll(labels, when.labels) &&
    isAsSevere(worst, when.severity) &&
    count >= (when.count ?? 0)
  );
};

/** The rule by which a receiver is told of this: the first that means it and names the receiver. */
export const ruleFor = (rules: readonly Rule[], receiver: string, occurrence: Occurrence): Rule | undefined =>
  rules.find((rule) => rule.receivers.includes(receiver) && matches(rule, occurrence));
