/** What the functions make of an event: facts, or why there is none. */
import type { Fact } from '../conditions/facts.ts';
import type { Event } from '../events/event.ts';
import { Rejected } from '../events/rejected.ts';
import { type Ignored, isIgnored, outOfScope, type Scope } from '../events/scope.ts';
import { Mistake, Unavailable } from '../scans/unavailable.ts';
import type { Confirm } from './confirm.ts';
import type { ScanFunction } from './function.ts';

/** What a function makes of an event. */
export type Decision = Fact | Ignored | Rejected | Unavailable;

export const isError = (decision: Decision): decision is Rejected | Unavailable => decision instanceof Error;
export const isFact = (decision: Decision): decision is Fact => !isError(decision) && !isIgnored(decision);

/** Anything but `Rejected` and `Unavailable` is our own mistake: the event is kept by its sender until that is mended. */
export const asDecision = (where: string, error: unknown): Rejected | Unavailable =>
  error instanceof Rejected || error instanceof Unavailable ? error : new Mistake(where, error);

const decide = (event: Event, { name, fact }: ScanFunction, scope: Scope): Decision => {
  try {
    const decision = fact(event, scope);
    return isIgnored(decision) ? decision : (outOfScope(decision.scan, scope) ?? decision);
  } catch (error) {
    return asDecision(name, error);
  }
};

/** What each function that takes the event makes of it. */
export const decideAll = (event: Event, functions: readonly ScanFunction[], scope: Scope): readonly Decision[] => {
  const takers = functions.filter(({ accepts }) => accepts.includes(event.type));
  if (takers.length > 0) return takers.map((taker) => decide(event, taker, scope));
  const accepted = [...new Set(functions.flatMap(({ accepts }) => accepts))].join(', ');
  return [new Rejected('type', `must be one of ${accepted}`)];
};

/** A decision once the cluster was asked about it. */
export const confirmed = async (decision: Decision, confirm: Confirm, scope: Scope): Promise<Decision> => {
  if (!isFact(decision)) return decision;
  try {
    return await confirm(decision, scope);
  } catch (error) {
    return asDecision('asking the cluster', error);
  }
};
