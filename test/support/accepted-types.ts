/** The types of events that each function accepts, as its own handler says it. */
import { alert } from '../../functions/alert/handler.ts';
import { compilePolicy } from '../../functions/compile-policy/handler.ts';
import { evaluatePolicy } from '../../functions/evaluate-policy/handler.ts';
import { jobFinished } from '../../functions/job-finished/handler.ts';
import { jobStarted } from '../../functions/job-started/handler.ts';
import { policyEvaluated } from '../../functions/policy-evaluated/handler.ts';
import { KNATIVE_PING } from '../../shared/events/types.ts';
import type { AnyFunction } from '../../shared/runtime/function.ts';

/** What a function works with is never asked for by what it accepts. */
const nothing = {} as never;

const FUNCTIONS: readonly AnyFunction[] = [
  jobStarted,
  jobFinished,
  policyEvaluated,
  evaluatePolicy(nothing),
  compilePolicy(nothing),
  alert(nothing),
];

/** Throws where there is no such function. */
export const acceptedTypes = (name: string): readonly string[] => {
  const found = FUNCTIONS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found.accepts;
};

/** Those that come over a Broker: ticks go past it. */
export const triggeredTypes = (name: string): readonly string[] =>
  acceptedTypes(name).filter((type) => type !== KNATIVE_PING);
