/** What the functions make of an event: facts, or why there is none. */
import type { Fact } from '../conditions/facts.ts';
import type { Event } from '../events/event.ts';
import { Refused, Rejected } from '../events/rejected.ts';
import { type Ignored, isIgnored, outOfScope, type Scope } from '../events/scope.ts';
import { Mistake, Unavailable } from '../scans/unavailable.ts';
import { type Caller, refusedEvent, refusedFunction } from './auth-caller.ts';
import type { Confirm } from './confirm.ts';
import type { AnyFunction, WorkingFunction } from './function.ts';

/** Why an event comes to nothing now. */
export type Failure = Refused | Rejected | Unavailable;

/** What a function makes of an event; one that does work of its own is yet to do it. */
export type Decision = Fact | Ignored | Failure | WorkingFunction;

export const isError = (decision: Decision): decision is Failure => decision instanceof Error;
export const isWork = (decision: Decision): decision is WorkingFunction => 'handle' in decision;
export const isFact = (decision: Decision): decision is Fact =>
  !isError(decision) && !isIgnored(decision) && !isWork(decision);

const isFailure = (error: unknown): error is Failure =>
  error instanceof Rejected || error instanceof Refused || error instanceof Unavailable;

/** Anything that is no failure by name is our own mistake: the event is kept by its sender until that is mended. */
export const asDecision = (where: string, error: unknown): Failure =>
  isFailure(error) ? error : new Mistake(where, error);

const decide = (event: Event, one: AnyFunction, scope: Scope): Decision => {
  if ('handle' in one) return one;
  const { name, fact } = one;
  try {
    const decision = fact(event, scope);
    return isIgnored(decision) ? decision : (outOfScope(decision.scan, scope) ?? decision);
  } catch (error) {
    return asDecision(name, error);
  }
};

/** What each function that takes the event makes of it, as far as its sender may tell it that. */
export const decideAll = (
  event: Event,
  functions: readonly AnyFunction[],
  scope: Scope,
  caller?: Caller,
): readonly Decision[] => {
  const refused = caller && refusedEvent(caller, event);
  if (refused !== undefined) return [refused];
  const takers = functions.filter(({ accepts }) => accepts.includes(event.type));
  if (takers.length > 0)
    return takers.map((taker) => (caller && refusedFunction(caller, taker.name)) ?? decide(event, taker, scope));
  const accepted = [...new Set(functions.flatMap(({ accepts }) => accepts))].join(', ');
  return [new Rejected('type', `must be one of ${accepted}`)];
};

/** Holds against its signature what an event says. Throws `Refused`. */
export type Verify = (event: Event) => Promise<void>;

/** What is asked before a fact is believed. */
export interface Doubts {
  /** Holds what a job event tells against the cluster. */
  readonly confirm?: Confirm;
  /** Holds a verdict against its signature. */
  readonly verify?: Verify;
}

/** A decision once its event's signature was checked, and the cluster was asked about it. */
export const confirmed = async (
  event: Event,
  decision: Decision,
  { confirm, verify }: Doubts,
  scope: Scope,
): Promise<Decision> => {
  if (!isFact(decision)) return decision;
  try {
    if (decision.type === 'evaluated') await verify?.(event);
    return (await confirm?.(decision, scope)) ?? decision;
  } catch (error) {
    return asDecision('asking whether it is true', error);
  }
};
