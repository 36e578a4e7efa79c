/** The types of events that each function accepts, as its own handler says it. */
import { compilePolicy } from '../../functions/compile-policy/handler.ts';
import { evaluatePolicy } from '../../functions/evaluate-policy/handler.ts';
import { jobFinished } from '../../functions/job-finished/handler.ts';
import { jobStarted } from '../../functions/job-started/handler.ts';
import { policyEvaluated } from '../../functions/policy-evaluated/handler.ts';
import type { AnyFunction } from '../../shared/runtime/function.ts';

/** What a function works with is never asked for by what it accepts. */
const nothing = {} as never;

const FUNCTIONS: readonly AnyFunction[] = [
  jobStarted,
  jobFinished,
  policyEvaluated,
  evaluatePolicy(nothing),
  compilePolicy(nothing),
];

/** Throws where there is no such function. */
export const acceptedTypes = (name: string): readonly string[] => {
  const found = FUNCTIONS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found.accepts;
};
