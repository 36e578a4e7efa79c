/**
 * Looks at a scan that has changed: what is remembered of it, and every alert that it is, or was, reason for.
 *
 * The scan is written first and read once more after an alert was: of two that look at it at the same time, with different
 * events, one sees what the other wrote.
 */
import { createHash } from 'node:crypto';
import type { ScanRef } from '../conditions/facts.ts';
import type { ConditionType } from '../conditions/status.ts';
import type { ScanChange } from '../events/status-change.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { type AlertRecord, groupKey, recordKey, scanKey } from './alert-record.ts';
import { type AlertIdentity, joinMember, type LookedAt } from './join-member.ts';
import { change, type Kept, readKept } from './kept.ts';
import { type Occurrence, type Rule, ruleFor } from './rules.ts';
import { joinChange, type ScanRecord, type Standing, shortHash, standingOf } from './scan-record.ts';
import type { RecordKey } from './state.ts';
import { lifetimeOf, type Telling } from './tell.ts';

const DAY = 86_400_000;
const SCANS_KEPT = 90 * DAY;
/** How often the scan may be changed by others while it is looked at. */
const LOOKS = 10;

const scanRecordKey = (cluster: string, { uid }: ScanRef): RecordKey =>
  `scan-${createHash('sha256')
    .update(JSON.stringify([cluster, uid]))
    .digest('hex')}`;

/**
 * What is new of the vulnerabilities that failed. Of those that the list of the worst has no room for the severity is not
 * known: they are as severe as the last of it, at most, and nothing is to be missed.
 */
const freshOf = ({ told: { worst = [] }, fresh }: Standing): Pick<Occurrence, 'fresh'> => {
  if (fresh === undefined) return {};
  const shown = worst.filter(({ id }) => fresh.has(shortHash(id)));
  const unseen = fresh.size > shown.length ? worst.slice(-1) : [];
  return { fresh: { worst: [...shown, ...unseen], count: fresh.size } };
};

const occurrenceOf = ({ scan, labels }: ScanChange, condition: ConditionType, standing: Standing): Occurrence => {
  const { told, from } = standing;
  const { to, worst = [], count = 0 } = told;
  const fresh = freshOf(standing);
  return { scan, labels, condition, to, worst, count, ...fresh, ...(from !== undefined && { from }) };
};

/** Every alert that a condition of a scan may be reason for at a receiver: its own, and those of its namespace. */
const identitiesOf = (
  { cluster, scan }: ScanChange,
  condition: ConditionType,
  receiver: string,
  rules: readonly Rule[],
): readonly (AlertIdentity & { readonly ofRule?: string })[] => {
  const { namespace } = scan;
  const own = { cluster, receiver, condition, key: scanKey(cluster, scan, condition) };
  const grouping = rules.filter(
    ({ group, when, receivers }) => group && when.condition === condition && receivers.includes(receiver),
  );
  const groups = grouping.map(({ name }) => ({
    ...own,
    key: groupKey(cluster, name, namespace, condition),
    namespace,
    ofRule: name,
  }));
  return [own, ...groups];
};

/** The rule by which something goes on that has begun: whatever was before, and whether anything is new or not. */
const goingOn = (
  rules: readonly Rule[],
  receiver: string,
  { fresh: _, ...occurrence }: Occurrence,
): Rule | undefined => {
  const anyFrom = rules.map(({ when: { from: __, ...when }, ...rule }) => ({ ...rule, when }));
  return ruleFor(anyFrom, receiver, occurrence);
};

interface Looking {
  readonly of: ScanChange;
  readonly record: ScanRecord;
  readonly telling: Telling;
}

interface Looked {
  readonly keys: readonly RecordKey[];
  readonly wrote: boolean;
}

/** Joins a condition of the scan into all its alerts at one receiver. */
const lookFor = async (
  { of, record, telling }: Looking,
  condition: ConditionType,
  receiver: string,
): Promise<Looked> => {
  const { state, rules, now } = telling;
  const standing = standingOf(record, condition);
  if (standing === undefined) return { keys: [], wrote: false };
  const occurrence = occurrenceOf(of, condition, standing);
  const begins = ruleFor(rules, receiver, occurrence);
  // What began with a change goes on for as long as it does not change back.
  const rule = begins ?? goingOn(rules, receiver, occurrence);
  const keys: RecordKey[] = [];
  let wrote = false;
  for (const { ofRule, ...identity } of identitiesOf(of, condition, receiver, rules)) {
    const isIts = rule !== undefined && (rule.group === undefined ? undefined : rule.name) === ofRule;
    const opens = standing.opens && begins !== undefined;
    const looked: LookedAt = { scan: of.scan, standing: { ...standing, opens }, ...(isIts && { rule }) };
    const key = recordKey(identity.key, receiver);
    const next = (before: AlertRecord | undefined) => joinMember(before, identity, looked, now());
    const written = await change<AlertRecord>(state, key, next, lifetimeOf(telling));
    if (written.value !== undefined) keys.push(key);
    wrote ||= written.wrote;
  }
  return { keys, wrote };
};

const lookOnce = async (looking: Looking): Promise<Looked> => {
  const { of, telling } = looking;
  const looked: Looked[] = [];
  for (const { type } of of.decided)
    for (const receiver of telling.receivers.keys()) looked.push(await lookFor(looking, type, receiver));
  return { keys: looked.flatMap(({ keys }) => keys), wrote: looked.some(({ wrote }) => wrote) };
};

/** The alerts that the change is about, as keys of their records. Rejects with `Unavailable`. */
export const lookAt = async (of: ScanChange, telling: Telling): Promise<readonly RecordKey[]> => {
  const { state, now } = telling;
  const key = scanRecordKey(of.cluster, of.scan);
  const join = (record: ScanRecord = []): ScanRecord => {
    const joined = joinChange(record, of);
    return JSON.stringify(joined) === JSON.stringify(record) ? record : joined;
  };
  const lifetime = () => ({ keepUntil: now() + SCANS_KEPT });
  let kept: Kept<ScanRecord> = await change(state, key, join, lifetime);
  for (let looks = 0; looks < LOOKS; looks += 1) {
    const { keys, wrote } = await lookOnce({ of, record: kept.value ?? [], telling });
    if (!wrote) return keys;
    const again = await readKept<ScanRecord>(state, key);
    if (again.version === kept.version) return keys;
    kept = again;
  }
  throw new Unavailable('the scan changes faster than it can be looked at', { retryAfter: 1 });
};
