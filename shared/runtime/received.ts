/** What became of an event: its outcome, and what it caused; of several functions, of all together. */
import type { Fact, ScanRef } from '../conditions/facts.ts';
import { type Change, changesOf } from '../conditions/project.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { Event } from '../events/event.ts';
import type { Known } from '../events/message.ts';
import { Refused, Rejected } from '../events/rejected.ts';
import type { StatusChange } from '../events/status-changed.ts';
import type { Applied } from '../scans/apply.ts';
import { type Decision, type Failure, isError } from './decide.ts';
import type { Handled, WorkingFunction } from './function.ts';

/** What became of an event; from the one that a sender must hear of most. */
const OUTCOMES = ['unavailable', 'refused', 'rejected', 'applied', 'superseded', 'duplicate', 'ignored'] as const;
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
  /** Why it was refused, rejected, unavailable, ignored or superseded. */
  readonly why?: Error | string;
  /** The event itself, where it could be read. */
  readonly event?: Event;
  /** What people should hear of: the status-changed events it causes. */
  readonly causes: readonly StatusChange[];
  /** The events, in JSON, that a function made of it. */
  readonly emits?: readonly JsonObject[];
}

const causesOf = ({ outcome, fact, live }: Applied): readonly StatusChange[] => {
  const isHeard = outcome === 'applied' || (outcome === 'duplicate' && fact.type !== 'started');
  return isHeard && live !== undefined ? [{ fact, ...live }] : [];
};

/** What a fact came to in the store. */
export const fromApplied = (applied: Applied): Received => {
  const { outcome, fact, live } = applied;
  const changes = outcome === 'applied' ? changesOf(fact.type, fact.run) : [];
  const why = live === undefined ? 'the scan is gone or was recreated' : 'a newer run is known';
  return { outcome, scan: fact.scan, changes, causes: causesOf(applied), ...(outcome === 'superseded' && { why }) };
};

const outcomeOf = (why: Failure): Outcome => {
  if (why instanceof Rejected) return 'rejected';
  return why instanceof Refused ? 'refused' : 'unavailable';
};

export const fromError = (why: Failure, scan?: ScanRef): Received => ({
  outcome: outcomeOf(why),
  why,
  changes: [],
  causes: [],
  ...(scan && { scan }),
});

export const fromUndone = (decision: Exclude<Decision, Fact | WorkingFunction>): Received =>
  isError(decision) ? fromError(decision) : { outcome: 'ignored', why: decision.ignored, changes: [], causes: [] };

const severity = ({ outcome }: Received): number => OUTCOMES.indexOf(outcome);

/** What several functions made of one event: the outcome that its sender must hear of most, and all it caused. */
export const mergeReceived = (all: readonly Received[]): Received => {
  const [first, ...others] = all;
  if (first === undefined || others.length === 0) return first as Received;
  const worst = all.reduce((a, b) => (severity(b) < severity(a) ? b : a));
  const scan = all.find((received) => received.scan)?.scan;
  const emits = all.flatMap((received) => received.emits ?? []);
  return {
    ...worst,
    changes: all.flatMap(({ changes }) => changes),
    // Of a Job seen whole, the finish says all that its start would.
    causes: all.flatMap(({ causes }) => causes).slice(-1),
    ...(scan && { scan }),
    ...(emits.length > 0 && { emits }),
  };
};

/** What a function of its own work came to. */
export const fromHandled = ({ outcome, why, scan, emits }: Handled): Received => ({
  outcome,
  changes: [],
  causes: [],
  emits,
  ...(why !== undefined && { why }),
  ...(scan && { scan }),
});

/** An event that could not be read, and what it says of itself nevertheless. */
export type Unread = { readonly rejected: Failure } & Known;

export const fromUnread = ({ rejected, id, type }: Unread): Received => ({
  ...fromError(rejected),
  ...(id !== undefined && { id }),
  ...(type !== undefined && { type }),
});
