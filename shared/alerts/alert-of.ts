/** An alert as its receiver shall be told of it, from what is remembered. */
import type { Alert } from './alert.ts';
import { type AlertRecord, firingMembers, memberOf, stateOf } from './alert-record.ts';
import { GONE } from './join-member.ts';
import type { Member } from './member.ts';
import type { Rule } from './rules.ts';
import type { TemplateView } from './template.ts';

const MOST_NAMES = 20;
/** Beyond so many turns within an hour people are told that it flaps. */
const FEW_TURNS = 3;

const commandOf = (record: AlertRecord, firing: readonly Member[]): string => {
  const { namespace, details } = record;
  const { kind, name, namespace: own } = details.scan;
  if (namespace === undefined) return `kubectl describe ${kind.toLowerCase()} -n ${own} ${name}`;
  const kinds = firing.length === 0 ? [kind] : firing.map(({ scan }) => scan.kind);
  return `kubectl get ${[...new Set(kinds)].toSorted().join(',').toLowerCase()} -n ${namespace}`;
};

const groupOf = (record: AlertRecord): Pick<Alert, 'group'> => {
  const { namespace, details } = record;
  if (namespace === undefined) return {};
  const names = firingMembers(record).map(({ scan }) => scan.name);
  const told = names.length > 0 ? names : [details.scan.name];
  return { group: { namespace, scans: told.length, names: told.slice(0, MOST_NAMES) } };
};

/** The member that began first of those that give reason; at the end, the one that ended last. */
const sinceOf = (record: AlertRecord, firing: readonly { readonly since: string }[]): string =>
  firing[0]?.since ?? memberOf(record, record.details.scan)?.since ?? record.details.at;

/** Whether its details are those of all that it tells of: of a group, they are those of whichever scan came last. */
const tellsOfOne = ({ namespace, details }: AlertRecord, firing: readonly Member[]): boolean =>
  namespace === undefined || (firing.length === 1 && firing[0]?.scan.uid === details.scan.uid);

const factsOf = (record: AlertRecord): Omit<Alert, 'severity' | 'rule' | 'title' | 'text'> => {
  const { cluster, key, condition, details } = record;
  const { scan, to, at, reason, artifact, vulnerabilities, count } = details;
  const firing = firingMembers(record);
  const isOne = tellsOfOne(record, firing);
  return {
    key,
    cluster,
    status: stateOf(record).status,
    scan: firing[0]?.scan ?? scan,
    condition,
    to,
    ...(reason !== undefined && { reason }),
    ...groupOf(record),
    ...(isOne && artifact !== undefined && { artifact }),
    vulnerabilities: isOne ? vulnerabilities : [],
    more: isOne ? Math.max(0, count - vulnerabilities.length) : 0,
    command: commandOf(record, firing),
    since: sinceOf(record, firing),
    at,
  };
};

/** What stands for a rule that is no longer in the configuration, whose end is told all the same. */
const NO_RULE = {
  severity: 'info',
  title: () => 'No longer an alert',
  text: () => '',
} as const satisfies Partial<Rule>;

export const alertOf = (record: AlertRecord, rule: Rule | undefined): Alert => {
  const { severity, title, text } = rule ?? NO_RULE;
  const facts = factsOf(record);
  const { details, turns } = record;
  const { key: _, status, ...shown } = facts;
  const error = tellsOfOne(record, firingMembers(record)) ? details.error : undefined;
  const view: TemplateView = {
    ...shown,
    rule: record.rule,
    severity,
    resolved: status === 'resolved',
    gone: status === 'resolved' && facts.to === GONE && record.namespace === undefined,
    run: details.run,
    count: facts.more + facts.vulnerabilities.length,
    ...(details.from !== undefined && { from: details.from }),
    ...(error !== undefined && { error }),
    ...(turns.length > FEW_TURNS && { changes: turns.length }),
  };
  return { ...facts, severity, rule: record.rule, title: title(view), text: text(view) };
};
