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
import { type AlertIdentity, joinMember, leaveMember } from './join-member.ts';
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

const together = (all: readonly Looked[]): Looked => ({
  keys: all.flatMap(({ keys }) => keys),
  wrote: all.some(({ wrote }) => wrote),
});

/** Changes the records of these alerts, one after the other. */
const changeEach = async (
  identities: readonly AlertIdentity[],
  next: (before: AlertRecord | undefined, identity: AlertIdentity) => AlertRecord | undefined,
  { telling, inTurn }: Looks,
): Promise<Looked> => {
  const looked: Looked[] = [];
  for (const identity of identities) {
    const key = recordKey(identity.key, identity.receiver);
    const changed = () =>
      change<AlertRecord>(telling.state, key, (before) => next(before, identity), lifetimeOf(telling));
    // Many scans of a namespace are reason for the same alert of a group.
    const { value, wrote } = await inTurn(key, changed);
    looked.push({ keys: value === undefined ? [] : [key], wrote });
  }
  return together(looked);
};

/** Joins a condition of the scan into all its alerts at one receiver. */
const lookFor = async (looking: Looking, condition: ConditionType, receiver: string): Promise<Looked> => {
  const { of, record, revision, telling } = looking;
  const { rules, now } = telling;
  const standing = standingOf(record, condition);
  if (standing === undefined) return { keys: [], wrote: false };
  const { rule, begins } = await ruleOf(looking, occurrenceOf(of, condition, standing), receiver);
  const opens = standing.opens && begins;
  const its = rule && identityBy(rule, of, receiver).key;
  const looked: LookedAt = { scan: of.scan, revision, standing: { ...standing, opens } };
  const join = (before: AlertRecord | undefined, identity: AlertIdentity) =>
    joinMember(before, identity, { ...looked, ...(rule && identity.key === its && { rule }) }, now());
  return changeEach(identitiesOf(of, record, condition, receiver, rules), join, looking);
};

const lookOnce = async (looking: Looking): Promise<Looked> => {
  const { of, telling } = looking;
  const looked: Looked[] = [];
  for (const { type } of of.decided)
    for (const receiver of telling.receivers.keys()) looked.push(await lookFor(looking, type, receiver));
  return together(looked);
};

/** Takes a scan that is gone out of every alert that it may be reason for. */
const leaveAll = async (looking: Looking, uid: string): Promise<Looked> => {
  const { of, record, revision, telling } = looking;
  const { rules, receivers, now } = telling;
  const scan = { ...of.scan, uid };
  const gone = { revision, at: record[0]?.age ?? of.run.age };
  const identities = [...receivers.keys()].flatMap((receiver) =>
    CONDITION_TYPES.flatMap((condition) => identitiesOf({ ...of, scan }, record, condition, receiver, rules)),
  );
  return changeEach(identities, (before) => leaveMember(before, scan, gone, now()), looking);
};

/** Looks at the scan that has the name, if the change is of that one, and closes what those before it were reason for. */
const lookThrough = async (kept: KeptScan, of: ScanChange, looks: Looks): Promise<Looked> => {
  const looking = { ...looks, ...kept, of };
  const looked = kept.uid === of.scan.uid ? [await lookOnce(looking)] : [];
  for (const uid of goneUids(kept, of.scan)) looked.push(await leaveAll(looking, uid));
  return together(looked);
};

/** Looks again for as long as others change the scan meanwhile. */
const lookUntilStill = async (of: ScanChange, key: RecordKey, looks: Looks): Promise<readonly RecordKey[]> => {
  const { state, now, rules } = looks.telling;
  const joining = { ...of, joins: joinsOf(of, rules) };
  const lifetime = () => ({ keepUntil: now() + SCANS_KEPT });
  const join = (known: KeptScan | undefined) => joinScan(known, joining, now());
  let kept: Kept<KeptScan> = await change(state, key, join, lifetime);
  for (let look = 0; look < LOOKS; look += 1) {
    // Lost between the two, as only somebody's hand can lose it, it is begun anew.
    const known = kept.value ?? join(undefined);
    const { keys, wrote } = await lookThrough(known, of, looks);
    const again = wrote ? await readKept<KeptScan>(state, key) : kept;
    if (again.version === kept.version) {
      const expected = kept.version === undefined ? {} : { expected: kept.version };
      // Whoever changed it meanwhile forgets them for us.
      if (known.past.length > 0)
        await state.put({ key, value: JSON.stringify({ ...known, past: [] }), ...expected, ...lifetime() });
      return keys;
    }
    kept = again;
  }
  throw new Unavailable('the scan changes faster than it can be looked at', { retryAfter: 1 });
};

/** The alerts that the change is about, as keys of their records. Rejects with `Unavailable`. */
export const lookAt = (of: ScanChange, looks: Looks): Promise<readonly RecordKey[]> => {
  const key = scanRecordKey(of.cluster, of.scan);
  return looks.inTurn(key, () => lookUntilStill(of, key, looks));
};
