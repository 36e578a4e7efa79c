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
import { type Next, nextMessage } from './next-message.ts';
import { TooSoon } from './receivers/rate.ts';
import type { Rule } from './rules.ts';
import type { AlertState, RecordKey } from './state.ts';

export interface Telling {
  readonly state: AlertState;
  readonly rules: readonly Rule[];
  readonly receivers: ReadonlyMap<string, Receiver>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly counts: Readonly<Record<'sent' | 'failed', (receiver: string) => void>>;
}

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** For longer than a receiver may take over its one or two requests. */
const LEASE = 60 * SECOND;
const KEPT = { firing: 400 * DAY, resolved: 90 * DAY } as const;
/** What a receiver will not take is not asked again at once, though the event may come again. */
const REFUSED_FOR = 600 * SECOND;
const LONGEST_BACKOFF = 900 * SECOND;
/** A receiver that is not configured may be so again, or by another process already: it is looked after for so long. */
const MISSED_FOR = 7 * DAY;
/** Messages in one go: more have a reason to be looked at by whoever comes next. */
const MOST_AT_ONCE = 5;

/** Of what is not told, when somebody has to look at it again. */
const dueOf = (next: Next): { readonly dueAt?: number } => ('until' in next ? { dueAt: next.until } : {});

const ruleNamed = ({ rules }: Pick<Telling, 'rules'>, name: string): Rule | undefined =>
  rules.find((rule) => rule.name === name);

/** Of what nobody here can be told, when it is looked at again. */
const missedUntil = ({ details: { at } }: AlertRecord, now: number): { readonly dueAt?: number } =>
  now - Date.parse(at) < MISSED_FOR ? { dueAt: now + HOUR } : {};

const dueAfter = (record: AlertRecord, { rules, receivers }: Telling, now: number): { readonly dueAt?: number } => {
  const next = nextMessage(record, ruleNamed({ rules }, record.rule), now);
  if (next.what === 'nothing') return {};
  if (!receivers.has(record.receiver)) return missedUntil(record, now);
  // Whoever wrote it may die before it is told.
  return next.what === 'tell' ? { dueAt: now + LEASE } : dueOf(next);
};

export const lifetimeOf = (telling: Telling) => (record: AlertRecord) => {
  const now = telling.now();
  return { keepUntil: now + KEPT[stateOf(record).status], ...dueAfter(record, telling, now) };
};

const settled = ({ sending: _, retry: __, refused: ___, ...record }: AlertRecord): AlertRecord => record;

const backoff = (failures: number): number => Math.min(LONGEST_BACKOFF, 5 * SECOND * 2 ** Math.min(failures, 10));

/** The record once the receiver took the message. */
const afterTold =
  (told: Told, now: number) =>
  (record: AlertRecord): AlertRecord => ({
    ...settled(record),
    told,
    sent: [...withinHour(record.sent, now), now],
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

/** Puts off what is for a receiver that is not configured. */
const putOff = async (key: RecordKey, kept: Kept<AlertRecord>, telling: Telling): Promise<void> => {
  await change<AlertRecord>(telling.state, key, (newest) => newest && { ...newest }, lifetimeOf(telling), kept);
};

/** Asks the receiver for the alert of a record that says so, and writes down what came of it. */
const tellOnce = async (
  key: RecordKey,
  claimed: Kept<AlertRecord>,
  telling: Telling,
): Promise<Written<AlertRecord>> => {
  const { state, receivers, counts, now } = telling;
  const record = claimed.value as AlertRecord;
  const receiver = receivers.get(record.receiver) as Receiver;
  const { status, occasion } = stateOf(record);
  const asked = await ask(receiver, alertOf(record, ruleNamed(telling, record.rule)), record.told?.ref);
  if ('ref' in asked) counts.sent(record.receiver);
  else if (!(asked.error instanceof TooSoon)) counts.failed(record.receiver);
  const after =
    'ref' in asked
      ? afterTold({ status, occasion, ref: asked.ref }, now())
      : afterFailure(asked.error, occasion, now());
  return change<AlertRecord>(state, key, (newest) => newest && after(newest), lifetimeOf(telling), claimed);
};

/** What was done about an alert, and why it is not, or not wholly, told. */
export interface Outcome {
  readonly receiver?: string;
  readonly messages: number;
  readonly next: Next;
}

/** Claims the record for a message to its receiver, where there is one to be told. */
const claim = async (
  key: RecordKey,
  kept: Kept<AlertRecord>,
  telling: Telling,
): Promise<{ readonly claimed: Written<AlertRecord>; readonly next: Next }> => {
  const { state, now } = telling;
  let next: Next = { what: 'nothing' };
  const claiming = (record: AlertRecord | undefined): AlertRecord | undefined => {
    if (record === undefined) return undefined;
    next = nextMessage(record, ruleNamed(telling, record.rule), now());
    return next.what === 'tell' ? { ...record, sending: now() + LEASE } : record;
  };
  return { claimed: await change(state, key, claiming, lifetimeOf(telling), kept), next };
};

/** Does what is to be done now about the alert of a record. Rejects with `Unavailable` where the state cannot be reached. */
export const tell = async (key: RecordKey, telling: Telling): Promise<Outcome> => {
  let kept = await readKept<AlertRecord>(telling.state, key);
  if (kept.value === undefined) return { messages: 0, next: { what: 'nothing' } };
  const { receiver } = kept.value;
  if (!telling.receivers.has(receiver)) {
    await putOff(key, kept, telling);
    return { receiver, messages: 0, next: { what: 'nothing' } };
  }
  for (let messages = 0; messages < MOST_AT_ONCE; messages += 1) {
    const { claimed, next } = await claim(key, kept, telling);
    if (!claimed.wrote) return { receiver, messages, next };
    kept = await tellOnce(key, claimed, telling);
  }
  return { receiver, messages: MOST_AT_ONCE, next: { what: 'sending', until: telling.now() + SECOND } };
};
