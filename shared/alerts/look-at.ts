/**
 * Looks at a scan that has changed: what is remembered of it, and every alert that it is, or was, reason for.
 *
 * The scan is written first and read once more after an alert was: of two that look at it at the same time, with different
 * events, one sees what the other wrote.
 */
import { CONDITION_TYPES, type ConditionType } from '../conditions/status.ts';
import type { ScanChange } from '../events/status-change.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { type AlertRecord, memberOf, recordKey } from './alert-record.ts';
import { identitiesOf, identityBy, joinsOf } from './identities.ts';
import { joinMember, leaveMember } from './join-member.ts';
import { change, type Kept, readKept } from './kept.ts';
import { goneUids, joinScan, type KeptScan, scanRecordKey } from './kept-scan.ts';
import { lifetimeOf } from './lifetime.ts';
import type { LookedAt } from './member.ts';
import { goesOnBy, occurrenceOf } from './occurrence.ts';
import { type Occurrence, type Rule, ruleFor } from './rules.ts';
import { standingOf } from './scan-record.ts';
import type { AlertServices } from './services.ts';
import type { RecordKey } from './state.ts';

const DAY = 86_400_000;
const SCANS_KEPT = 90 * DAY;
/** How often the scan may be changed by others while it is looked at. */
const LOOKS = 10;

type Looks = Pick<AlertServices, 'telling' | 'inTurn'>;

interface Looking extends Looks, KeptScan {
  readonly of: ScanChange;
}

interface Looked {
  readonly keys: readonly RecordKey[];
  readonly wrote: boolean;
}

/** Whether the alert that the scan would be by a rule is open by that rule. */
const isOpenBy = async ({ of, telling: { state } }: Looking, rule: Rule, receiver: string): Promise<boolean> => {
  const { key } = identityBy(rule, of, receiver);
  const { value } = await readKept<AlertRecord>(state, recordKey(key, receiver));
  return value?.rule === rule.name && memberOf(value, of.scan)?.firing === true;
};

/**
 * The rule by which a receiver is told: the first that means what happened. What began by a rule above it, with a change or
 * with what was new, goes on by that one for as long as the condition does not change back.
 */
const ruleOf = async (
  looking: Looking,
  occurrence: Occurrence,
  receiver: string,
): Promise<{ readonly rule?: Rule; readonly begins: boolean }> => {
  const { rules } = looking.telling;
  const begins = ruleFor(rules, receiver, occurrence);
  const goingOn = rules.filter((rule) => rule.receivers.includes(receiver) && goesOnBy(rule, occurrence));
  const above = begins === undefined ? goingOn : goingOn.slice(0, goingOn.indexOf(begins));
  for (const rule of above) if (await isOpenBy(looking, rule, receiver)) return { rule, begins: false };
  if (begins !== undefined) return { rule: begins, begins: true };
  const [first] = goingOn;
  return { ...(first && { rule: first }), begins: false };
};

/** Joins a condition of the scan into all its alerts at one receiver. */
const lookFor = async (looking: Looking, condition: ConditionType, receiver: string): Promise<Looked> => {
  const { of, record, revision, telling, inTurn } = looking;
  const { state, rules, now } = telling;
  const standing = standingOf(record, condition);
  if (standing === undefined) return { keys: [], wrote: false };
  const { rule, begins } = await ruleOf(looking, occurrenceOf(of, condition, standing), receiver);
  const opens = standing.opens && begins;
  const its = rule && identityBy(rule, of, receiver).key;
  const keys: RecordKey[] = [];
  let wrote = false;
  for (const identity of identitiesOf(of, record, condition, receiver, rules)) {
    const isIts = rule !== undefined && identity.key === its;
    const looked: LookedAt = { scan: of.scan, revision, standing: { ...standing, opens }, ...(isIts && { rule }) };
    const key = recordKey(identity.key, receiver);
    const next = (before: AlertRecord | undefined) => joinMember(before, identity, looked, now());
    // Many scans of a namespace are reason for the same alert of a group.
    const written = await inTurn(key, () => change<AlertRecord>(state, key, next, lifetimeOf(telling)));
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

/** Takes a scan that is gone out of every alert that it may be reason for. */
const leaveAll = async (looking: Looking, uid: string): Promise<Looked> => {
  const { of, record, revision, telling, inTurn } = looking;
  const { state, rules, receivers, now } = telling;
  const scan = { ...of.scan, uid };
  const gone = { revision, at: record[0]?.age ?? of.run.age };
  const keys: RecordKey[] = [];
  let wrote = false;
  for (const receiver of receivers.keys())
    for (const condition of CONDITION_TYPES)
      for (const { key: alert } of identitiesOf({ ...of, scan }, record, condition, receiver, rules)) {
        const key = recordKey(alert, receiver);
        const next = (before: AlertRecord | undefined) => leaveMember(before, scan, gone, now());
        const written = await inTurn(key, () => change<AlertRecord>(state, key, next, lifetimeOf(telling)));
        if (written.value !== undefined) keys.push(key);
        wrote ||= written.wrote;
      }
  return { keys, wrote };
};

/** What was closed need not be looked at again. Whoever changed the scan meanwhile does so for us. */
const forgetPast = async (
  key: RecordKey,
  { value, version }: Kept<KeptScan>,
  keys: readonly RecordKey[],
  { telling: { state, now } }: Looks,
): Promise<readonly RecordKey[]> => {
  const forgotten = JSON.stringify({ ...value, past: [] });
  await state.put({
    key,
    value: forgotten,
    keepUntil: now() + SCANS_KEPT,
    ...(version !== undefined && { expected: version }),
  });
  return keys;
};

/** Looks at the scan that has the name, if the change is of that one, and closes what those before it were reason for. */
const lookThrough = async (kept: KeptScan, of: ScanChange, looks: Looks): Promise<Looked> => {
  const looking = { ...looks, ...kept, of };
  const looked = kept.uid === of.scan.uid ? [await lookOnce(looking)] : [];
  for (const uid of goneUids(kept, of.scan)) looked.push(await leaveAll(looking, uid));
  return { keys: looked.flatMap(({ keys }) => keys), wrote: looked.some(({ wrote }) => wrote) };
};

/** The alerts that the change is about, as keys of their records. Rejects with `Unavailable`. */
export const lookAt = async (of: ScanChange, looks: Looks): Promise<readonly RecordKey[]> => {
  const { state, now, rules } = looks.telling;
  const key = scanRecordKey(of.cluster, of.scan);
  const joining = { ...of, joins: joinsOf(of, rules) };
  const lifetime = () => ({ keepUntil: now() + SCANS_KEPT });
  const join = (known: KeptScan | undefined) => joinScan(known, joining, now());
  let kept = await change<KeptScan>(state, key, join, lifetime);
  for (let look = 0; look < LOOKS; look += 1) {
    // Lost between the two, as only somebody's hand can lose it, it is begun anew.
    const known = kept.value ?? join(undefined);
    const { keys, wrote } = await lookThrough(known, of, looks);
    const again = wrote ? await readKept<KeptScan>(state, key) : kept;
    if (again.version === kept.version) return known.past.length === 0 ? keys : forgetPast(key, kept, keys, looks);
    kept = { ...again, wrote: false };
  }
  throw new Unavailable('the scan changes faster than it can be looked at', { retryAfter: 1 });
};
