/**
 * The one way in: a raw message becomes facts, the facts become status, and every event gets its outcome.
 *
 * Every runtime and the replay come through here, so that an event means the same wherever it arrives. Nothing that a
 * sender can write makes it throw.
 */
import type { Fact } from '../conditions/facts.ts';
import type { Event } from '../events/event.ts';
import {
  type Envelopes,
  type EventReader,
  type HttpMessage,
  knownOfHeaders,
  plainReader,
  readEnvelope,
  readEnvelopes,
} from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';
import { latestBelieved, type Scope } from '../events/scope.ts';
import { applyFacts } from '../scans/apply.ts';
import { type ScanStore, scanKey } from '../scans/store.ts';
import { type Caller, narrowed } from './auth-caller.ts';
import {
  asDecision,
  confirmed,
  type Decision,
  type Doubts,
  decideAll,
  type Failure,
  isFact,
  isWork,
} from './decide.ts';
import type { AnyFunction, WorkingFunction } from './function.ts';
import {
  fromApplied,
  fromError,
  fromHandled,
  fromUndone,
  fromUnread,
  mergeReceived,
  type Received,
  type Unread,
} from './received.ts';

export interface Services extends Doubts {
  readonly store: ScanStore;
  readonly scope: Scope;
  /** Reads one event of a message; without it the check alone, as where there is no HTTP. */
  readonly reader?: EventReader;
  /** The clock (Unix milliseconds) of a live function; a dry run has none, and believes any instant. */
  readonly now?: () => number;
  /** Who sends the message; absent, somebody who may send anything. */
  readonly caller?: Caller;
  /** Passes over what a function made of an event, before it is applied; absent, over nothing. */
  readonly passesOver?: (event: Event, decision: Decision) => boolean;
}

export interface Reply {
  /** Whether the message was a batch, which is answered as one. */
  readonly batch: boolean;
  /** One for each event of the message, in its order; none for those passed over. */
  readonly received: readonly Received[];
}

/** An event and what each function that takes it made of it. */
interface Decided {
  readonly event: Event;
  readonly decisions: readonly Decision[];
}

/** All decisions once the cluster was asked, where it is to be asked. */
const confirmAll = async (
  taken: readonly (Decided | Unread)[],
  { confirm, verify }: Services,
  scope: Scope,
): Promise<readonly (Decided | Unread)[]> => {
  if (confirm === undefined && verify === undefined) return taken;
  const doubts = { ...(confirm && { confirm }), ...(verify && { verify }) };
  const ask = async (one: Decided | Unread): Promise<Decided | Unread> => {
    if ('rejected' in one) return one;
    const { event, decisions } = one;
    const asked = decisions.map((decision) => confirmed(event, decision, doubts, scope));
    return { event, decisions: await Promise.all(asked) };
  };
  return Promise.all(taken.map(ask));
};

const applyScan = async (store: ScanStore, facts: readonly Fact[]): Promise<readonly Received[]> => {
  try {
    return (await applyFacts(store, facts)).map(fromApplied);
  } catch (error) {
    const why = asDecision('the store', error);
    return facts.map(({ scan }) => fromError(why, scan));
  }
};

/** Applies facts about several scans: however many there are about one, it is written once. */
const applyScans = async (store: ScanStore, facts: readonly Fact[]): Promise<readonly Received[]> => {
  const results = new Map<Fact, Received>();
  const byScan = Object.values(Object.groupBy(facts, ({ scan }) => scanKey(scan)));
  const applied = byScan.map(async (group = []) => {
    const received = await applyScan(store, group);
    for (const [at, fact] of group.entries()) results.set(fact, received[at] as Received);
  });
  await Promise.all(applied);
  return facts.map((fact) => results.get(fact) as Received);
};

/** What became of each fact, in their order. */
const applyAll = (store: ScanStore, facts: readonly Fact[]): Promise<readonly Received[]> =>
  facts.length < 2 ? applyScan(store, facts) : applyScans(store, facts);

/** What an event came to, given what became of its facts, in their order. */
const fromDecided = async (
  { event, decisions }: Decided,
  applied: Iterator<Received>,
  work: (one: WorkingFunction, event: Event) => Promise<Received>,
): Promise<Received> => {
  const all = decisions.map((decision) => {
    if (isFact(decision)) return applied.next().value as Received;
    return isWork(decision) ? work(decision, event) : fromUndone(decision);
  });
  return { ...mergeReceived(await Promise.all(all)), id: event.id, type: event.type, event };
};

const workWith =
  (scope: Scope) =>
  async (one: WorkingFunction, event: Event): Promise<Received> => {
    try {
      return fromHandled(await one.handle(event, scope));
    } catch (error) {
      return fromError(asDecision(one.name, error));
    }
  };

/** The reply to a message that comes to nothing as a whole. */
export const failedMessage = (message: Pick<HttpMessage, 'headers'> | Envelopes, rejected: Failure): Reply => ({
  batch: false,
  received: [fromUnread({ rejected, ...('headers' in message ? knownOfHeaders(message.headers) : {}) })],
});

/** What is kept and believed now, and of this caller. */
const scopeNow = ({ scope, now, caller }: Services): Scope => {
  const own = caller === undefined ? scope : narrowed(scope, caller);
  return now === undefined ? own : { ...own, latest: latestBelieved(now()) };
};

const readMessage = (message: HttpMessage | Envelopes): Envelopes | Rejected => {
  try {
    return 'headers' in message ? readEnvelopes(message) : message;
  } catch (error) {
    if (error instanceof Rejected) return error;
    throw error;
  }
};

/** Reads a message, applies what its events tell through the functions that take them, and says what became of each. */
export const receive = async (
  message: HttpMessage | Envelopes,
  functions: readonly AnyFunction[],
  services: Services,
): Promise<Reply> => {
  const { store, reader = plainReader, passesOver = () => false, caller } = services;
  const read = readMessage(message);
  if (read instanceof Rejected) return failedMessage(message, read);
  const scope = scopeNow(services);
  const decided: (Decided | Unread)[] = [];
  for (const envelope of read.envelopes) {
    const result = readEnvelope(envelope, read.mode, reader);
    if ('rejected' in result) {
      decided.push(result);
      continue;
    }
    const { event } = result;
    const decisions = decideAll(event, functions, scope, caller).filter((decision) => !passesOver(event, decision));
    if (decisions.length > 0) decided.push({ event, decisions });
  }
  const taken = await confirmAll(decided, services, scope);
  const facts = taken.flatMap((one) => ('rejected' in one ? [] : one.decisions.filter(isFact)));
  const applied = (await applyAll(store, facts)).values();
  const work = workWith(scope);
  // Facts are told apart in their order before any work is waited for.
  const received = taken.map((one) => ('rejected' in one ? fromUnread(one) : fromDecided(one, applied, work)));
  return { batch: read.mode === 'batch', received: await Promise.all(received) };
};
