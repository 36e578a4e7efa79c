/**
 * Tells a receiver of an alert, if and when it is to be told.
 *
 * Before it asks the receiver it writes down that it does, and afterwards what came of it. So two that work on the same
 * alert never both tell it, and who takes over after a crash tells it again only where nobody can know whether it was.
 */
import { Unavailable } from '../scans/unavailable.ts';
import { type Alert, type MessageRef, type Receiver, Undeliverable } from './alert.ts';
import { alertOf } from './alert-of.ts';
import { type AlertRecord, stateOf, type Told } from './alert-record.ts';
import { withinHour } from './join-member.ts';
import { change, type Kept, readKept, type Written } from './kept.ts';
import { LEASE, lifetimeOf, ruleNamed } from './lifetime.ts';
import { isTold, type Next, nextMessage } from './next-message.ts';
import { TooSoon } from './receivers/rate.ts';
import type { RecordKey } from './state.ts';
import type { Telling } from './telling.ts';

const SECOND = 1_000;
/** What a receiver will not take is not asked again at once, though the event may come again. */
const REFUSED_FOR = 600 * SECOND;
const LONGEST_BACKOFF = 900 * SECOND;
/** Messages in one go: more have a reason to be looked at by whoever comes next. */
const MOST_AT_ONCE = 5;

const settled = ({ sending: _, retry: __, refused: ___, ...record }: AlertRecord): AlertRecord => record;

const backoff = (failures: number): number => Math.min(LONGEST_BACKOFF, 5 * SECOND * 2 ** Math.min(failures, 10));

/** The record once the receiver took the message: what it knew before is none that people hear of. */
const afterTold =
  (told: Told, isNews: boolean) =>
  (record: AlertRecord): AlertRecord => ({
    ...settled(record),
    told,
    ...(isNews && { sent: [...withinHour(record.sent, told.at), told.at] }),
    failures: 0,
  });

const afterFailure =
  (error: Unavailable | Undeliverable, occasion: string, now: number) =>
  (record: AlertRecord): AlertRecord => {
    const { message: why } = error;
    if (error instanceof TooSoon) return { ...settled(record), retry: { at: now + error.retryAfter * SECOND, why } };
    const failed = { ...settled(record), failures: record.failures + 1 };
    if (error instanceof Undeliverable) return { ...failed, refused: { occasion, until: now + REFUSED_FOR, why } };
    return { ...failed, retry: { at: now + Math.max(error.retryAfter * SECOND, backoff(record.failures)), why } };
  };

type Asked = { readonly ref: MessageRef } | { readonly error: Unavailable | Undeliverable };

const ask = async (receiver: Receiver, alert: Alert, before: MessageRef | undefined): Promise<Asked> => {
  try {
    return { ref: await receiver.send(alert, before) };
  } catch (error) {
    if (error instanceof Unavailable || error instanceof Undeliverable) return { error };
    throw error;
  }
};

/** Writes down anew when somebody has to look at it: the configuration may be another than when that was written. */
const putOff = async (key: RecordKey, kept: Kept<AlertRecord>, telling: Telling): Promise<void> => {
  await change<AlertRecord>(telling.state, key, (newest) => newest && { ...newest }, lifetimeOf(telling), kept);
};

/** Asks the receiver, and counts what came of it: a mistake of ours is a failure to tell too. */
const askAndCount = async (record: AlertRecord, { receivers, rules, counts }: Telling): Promise<Asked> => {
  const receiver = receivers.get(record.receiver) as Receiver;
  try {
    const asked = await ask(receiver, alertOf(record, ruleNamed({ rules }, record.rule)), record.told?.ref);
    if ('ref' in asked && !isTold(record)) counts.sent(record.receiver);
    else if ('error' in asked && !(asked.error instanceof TooSoon)) counts.failed(record.receiver);
    return asked;
  } catch (error) {
    counts.failed(record.receiver);
    throw error;
  }
};

/** Asks the receiver for the alert of a record that says so, and writes down what came of it. */
const tellOnce = async (
  key: RecordKey,
  claimed: Kept<AlertRecord>,
  telling: Telling,
): Promise<{ readonly kept: Kept<AlertRecord>; readonly isNews: boolean }> => {
  const { state, now } = telling;
  const record = claimed.value as AlertRecord;
  const { status, occasion } = stateOf(record);
  const isNews = !isTold(record);
  const asked = await askAndCount(record, telling);
  const after =
    'ref' in asked
      ? afterTold({ status, occasion, ref: asked.ref, at: now() }, isNews)
      : afterFailure(asked.error, occasion, now());
  const written = await change<AlertRecord>(
    state,
    key,
    (newest) => newest && after(newest),
    lifetimeOf(telling),
    claimed,
  );
  return { kept: written, isNews: isNews && 'ref' in asked };
};

/** What was done about an alert, and why it is not, or not wholly, told. */
export interface Outcome {
  readonly receiver?: string;
  /** Of which scan, or namespace, and condition it is, for the log. */
  readonly about?: string;
  /** How many of news it took. */
  readonly messages: number;
  readonly next: Next;
}

const aboutOf = ({ namespace, condition, details: { scan } }: AlertRecord): string =>
  `${namespace ?? `${scan.namespace}/${scan.kind}/${scan.name}`} ${condition}`;

/** Claims the record for a message to its receiver, where there is one to be told. */
const claim = async (
  key: RecordKey,
  kept: Kept<AlertRecord>,
  telling: Telling,
): Promise<{ readonly claimed: Written<AlertRecord>; readonly next: Next }> => {
  const { state, receivers, now } = telling;
  let next: Next = { what: 'nothing' };
  const claiming = (record: AlertRecord | undefined): AlertRecord | undefined => {
    if (record === undefined) return undefined;
    const { renewEvery } = receivers.get(record.receiver) ?? {};
    next = nextMessage(record, ruleNamed(telling, record.rule), now(), renewEvery);
    return next.what === 'tell' ? { ...record, sending: now() + LEASE } : record;
  };
  return { claimed: await change(state, key, claiming, lifetimeOf(telling), kept), next };
};

/**
 * Does what is to be done now about the alert of a record. Rejects with `Unavailable` where the state cannot be reached.
 *
 * @param isDue whether its record says that it is to be looked at by now
 */
export const tell = async (key: RecordKey, telling: Telling, isDue = false): Promise<Outcome> => {
  let kept = await readKept<AlertRecord>(telling.state, key);
  if (kept.value === undefined) return { messages: 0, next: { what: 'nothing' } };
  const { receiver } = kept.value;
  const known = { receiver, about: aboutOf(kept.value) };
  if (!telling.receivers.has(receiver)) {
    await putOff(key, kept, telling);
    return { ...known, messages: 0, next: { what: 'nothing' } };
  }
  let messages = 0;
  for (let asked = 0; asked < MOST_AT_ONCE; asked += 1) {
    const { claimed, next } = await claim(key, kept, telling);
    if (!claimed.wrote) {
      // Who is telling it writes down when it is done.
      if (isDue && asked === 0 && next.what !== 'sending') await putOff(key, claimed, telling);
      return { ...known, messages, next };
    }
    const told = await tellOnce(key, claimed, telling);
    kept = told.kept;
    messages += Number(told.isNews);
  }
  return { ...known, messages, next: { what: 'sending', until: telling.now() + SECOND } };
};
