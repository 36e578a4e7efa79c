/** Which alerts a scan may be reason for: its own, and those of its namespace. */
import type { ConditionType } from '../conditions/status.ts';
import type { ScanChange } from '../events/status-change.ts';
import { groupKey, scanKey } from './alert-record.ts';
import type { AlertIdentity } from './join-member.ts';
import type { Rule } from './rules.ts';
import type { ScanRecord } from './scan-record.ts';

type Of = Pick<ScanChange, 'cluster' | 'scan'>;

const ownIdentity = ({ cluster, scan }: Of, condition: ConditionType, receiver: string): AlertIdentity => ({
  cluster,
  receiver,
  condition,
  key: scanKey(cluster, scan, condition),
});

const groupIdentity = (rule: string, of: Of, condition: ConditionType, receiver: string): AlertIdentity => {
  const { namespace } = of.scan;
  return { ...ownIdentity(of, condition, receiver), key: groupKey(of.cluster, rule, namespace, condition), namespace };
};

/** The alert that a scan is by a rule. */
export const identityBy = ({ name, group, when: { condition } }: Rule, of: Of, receiver: string): AlertIdentity =>
  group === undefined ? ownIdentity(of, condition, receiver) : groupIdentity(name, of, condition, receiver);

/** Names of the rules by which a scan may come into a group by a change, at whatever receiver. */
export const joinsOf = ({ decided }: Pick<ScanChange, 'decided'>, rules: readonly Rule[]): readonly string[] =>
  rules
    .filter(
      ({ group, when }) => group && decided.some(({ type, to }) => type === when.condition && when.to.includes(to)),
    )
    .map(({ name }) => name);

/** Every alert that a condition may be reason for at a receiver, or may have been by rules that are gone. */
export const identitiesOf = (
  of: Of,
  record: ScanRecord,
  condition: ConditionType,
  receiver: string,
  rules: readonly Rule[],
): readonly AlertIdentity[] => {
  const grouping = rules.filter(
    ({ group, when, receivers }) => group && when.condition === condition && receivers.includes(receiver),
  );
  const names = new Set([...grouping.map(({ name }) => name), ...record.flatMap(({ groups = [] }) => groups)]);
  const groups = [...names].map((name) => groupIdentity(name, of, condition, receiver));
  return [ownIdentity(of, condition, receiver), ...groups];
};
