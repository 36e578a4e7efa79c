/** The functions that need no cluster, as they run together in one local process and in a replay. */
import type { AnyFunction, ScanFunction } from '../shared/runtime/function.ts';
import { evaluateNothing } from './evaluate-policy/without-cluster.ts';
import { jobFinished } from './job-finished/handler.ts';
import { jobStarted } from './job-started/handler.ts';
import { policyEvaluated } from './policy-evaluated/handler.ts';

export const allFunctions: readonly ScanFunction[] = [jobStarted, jobFinished, evaluateNothing, policyEvaluated];

/** All functions, of which these take the place of any of the same name. */
export const withFunctions = (others: readonly AnyFunction[]): readonly AnyFunction[] => {
  const names = new Set(others.map(({ name }) => name));
  return [...allFunctions.filter(({ name }) => !names.has(name)), ...others];
};
