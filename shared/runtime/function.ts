/** What a function is: the types of events it takes, and the fact it reads from one. */
import type { Fact } from '../conditions/facts.ts';
import type { Event } from '../events/event.ts';
import type { Ignored, Scope } from '../events/scope.ts';

export interface ScanFunction {
  /** Its name, which is its folder, its route and its account. */
  readonly name: string;
  readonly accepts: readonly string[];
  /** The fact that the event tells this function. Throws `Rejected`. */
  readonly fact: (event: Event, scope: Scope) => Fact | Ignored;
}
