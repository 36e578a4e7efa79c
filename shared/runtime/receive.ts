/**
 * The one way in: a raw message becomes facts, the facts become status, and every event gets its outcome.
 *
 * Every runtime and the replay come through here, so that an event means the same wherever it arrives. Nothing that a
 * sender can write makes it throw.
 */
import type { Fact, ScanRef } from '../conditions/facts.ts';
import { type Change, changesOf } from '../conditions/project.ts';
import type { Event } from '../events/event.ts';
import {
  type Envelopes,
  type EventReader,
  type HttpMessage,
  type Known,
  knownOfHeaders,
  plainReader,
  readEnvelope,
  readEnvelopes,
} from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';
import { latestBelieved, type Scope } from '../events/scope.ts';
import type { StatusChange } from '../events/status-changed.ts';
import { type Applied, applyFacts } from '../scans/apply.ts';
import { type ScanStore, scanKey } from '../scans/store.ts';
import type { Unavailable } from '../scans/unavailable.ts';
import type { Confirm } from './confirm.ts';
import { asDecision, confirmed, type Decision, decideAll, isError, isFact } from './decide.ts';
import type { ScanFunction } from './function.ts';

/** What became of an event; from the one that a sender must hear of most. */
const OUTCOMES = ['unavailable', 'rejected', 'applied', 'superseded', 'duplicate', 'ignored'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What one event came to. */
export interface Received {
  readonly outcome: Outcome;
  /** The event's `id` and `type`, where it has them. */
  readonly id?: string;
  readonly type?: string;
  readonly scan?: ScanRef;
  /** The conditions that it decided; empty unless it was applied. */
  readonly changes: readonly Change[];
  /** Why it was rejected, unavailable, ignored or superseded. */
  readonly why?: Error | string;
  /** The event itself, where it could be read. */
  readonly event?: Event;
  /** What people should hear of: the status-changed events it causes. */
  readonly causes: readonly StatusChange[];
}

export interface Services {
  readonly store: ScanStore;
  readonly scope: Scope;
  /** Reads one event of a message; without it the check alone, as where there is no HTTP. */
  readonly reader?: EventReader;
  /** The clock (Unix milliseconds) of a live function; a dry run has none, and believes any instant. */
  readonly now?: () => number;
  /** Holds what a job event tells against the cluster; absent, it is believed. */
  readonly confirm?: Confirm;
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
  { confirm }: Services,
  scope: Scope,
): Promise<readonly (Decided | Unread)[]> => {
  if (confirm === undefined) return taken;
  const ask = async (one: Decided | Unread): Promise<Decided | Unread> => {
    if ('rejected' in one) return one;
    const { event, decisions } = one;
    return { event, decisions: await Promise.all(decisions.map((decision) => confirmed(decision, confirm, scope))) };
  };
  return Promise.all(taken.map(ask));
};

const causesOf = ({ outcome, fact, live }: Applied): readonly StatusChange[] => {
  const isHeard = outcome === 'applied' || (outcome === 'duplicate' && fact.type !== 'started');
  return isHeard && live !== undefined ? [{ fact, ...live }] : [];
};

const fromApplied = (applied: Applied): Received => {
  const { outcome, fact, live } = applied;
  const changes = outcome === 'applied' ? changesOf(fact.type, fact.run) : [];
  const why = live === undefined ? 'the scan is gone or was recreated' : 'a newer run is known';
  return { outcome, scan: fact.scan, changes, causes: causesOf(applied), ...(outcome === 'superseded' && { why }) };
};

const fromError = (why: Rejected | Unavailable, scan?: ScanRef): Received => ({
  outcome: why instanceof Rejected ? 'rejected' : 'unavailable',
  why,
  changes: [],
  causes: [],
  ...(scan && { scan }),
});

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

const fromUndone = (decision: Exclude<Decision, Fact>): Received =>
  isError(decision) ? fromError(decision) : { outcome: 'ignored', why: decision.ignored, changes: [], causes: [] };

const severity = ({ outcome }: Received): number => OUTCOMES.indexOf(outcome);

/** What several functions made of one event: the outcome that its sender must hear of most, and all it caused. */
const mergeReceived = (all: readonly Received[]): Received => {
  const [first, ...others] = all;
  if (first === undefined || others.length === 0) return first as Received;
  const worst = all.reduce((a, b) => (severity(b) < severity(a) ? b : a));
  const scan = all.find((received) => received.scan)?.scan;
  return {
    ...worst,
    changes: all.flatMap(({ changes }) => changes),
    // Of a Job seen whole, the finish says all that its start would.
    causes: all.flatMap(({ causes }) => causes).slice(-1),
    ...(scan && { scan }),
  };
};

/** What an event came to, given what became of its facts, in their order. */
const fromDecided = ({ event, decisions }: Decided, applied: Iterator<Received>): Received => {
  const all = decisions.map((decision) =>
    isFact(decision) ? (applied.next().value as Received) : fromUndone(decision),
  );
  return { ...mergeReceived(all), id: event.id, type: event.type, event };
};

/** An event that could not be read, and what it says of itself nevertheless. */
type Unread = { readonly rejected: Rejected } & Known;

const fromUnread = ({ rejected, id, type }: Unread): Received => ({
  ...fromError(rejected),
  ...(id !== undefined && { id }),
  ...(type !== undefined && { type }),
});

/** The reply to a message that is wrong as a whole. */
export const rejectedMessage = (message: HttpMessage | Envelopes, rejected: Rejected): Reply => ({
  batch: false,
  received: [fromUnread({ rejected, ...('headers' in message ? knownOfHeaders(message.headers) : {}) })],
});

const scopeNow = ({ scope, now }: Services): Scope =>
  now === undefined ? scope : { ...scope, latest: latestBelieved(now()) };

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
  functions: readonly ScanFunction[],
  services: Services,
): Promise<Reply> => {
  const { store, reader = plainReader, passesOver = () => false } = services;
  const read = readMessage(message);
  if (read instanceof Rejected) return rejectedMessage(message, read);
  const scope = scopeNow(services);
  const decided: (Decided | Unread)[] = [];
  for (const envelope of read.envelopes) {
    const result = readEnvelope(envelope, read.mode, reader);
    if ('rejected' in result) {
      decided.push(result);
      continue;
    }
    const { event } = result;
    const decisions = decideAll(event, functions, scope).filter((decision) => !passesOver(event, decision));
    if (decisions.length > 0) decided.push({ event, decisions });
  }
  const taken = await confirmAll(decided, services, scope);
  const facts = taken.flatMap((one) => ('rejected' in one ? [] : one.decisions.filter(isFact)));
  const applied = (await applyAll(store, facts)).values();
  const received = taken.map((one) => ('rejected' in one ? fromUnread(one) : fromDecided(one, applied)));
  return { batch: read.mode === 'batch', received };
};
