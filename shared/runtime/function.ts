/** What a function is: the types of events it takes, and what it makes of one. */
import type { Fact, ScanRef } from '../conditions/facts.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { Event } from '../events/event.ts';
import type { Ignored, Scope } from '../events/scope.ts';

interface Named {
  /** Its name, which is its folder, its route and its account. */
  readonly name: string;
  readonly accepts: readonly string[];
}

/** A function that reads a fact from an event; the fact is joined to its scan for it. */
export interface ScanFunction extends Named {
  /** The fact that the event tells this function. Throws `Rejected`. */
  readonly fact: (event: Event, scope: Scope) => Fact | Ignored;
}

/** What a function did of itself with an event. */
export interface Handled {
  readonly outcome: 'applied' | 'superseded' | 'duplicate' | 'ignored';
  /** Why it was superseded or ignored. */
  readonly why?: string;
  readonly scan?: ScanRef;
  /** The CloudEvents, in JSON, that go out. */
  readonly emits: readonly JsonObject[];
}

/** A function that tells no fact: it does its own work, and may emit events. */
export interface WorkingFunction extends Named {
  /** Does the work. Throws `Rejected` and `Unavailable`. */
  readonly handle: (event: Event, scope: Scope) => Promise<Handled>;
}

export type AnyFunction = ScanFunction | WorkingFunction;
