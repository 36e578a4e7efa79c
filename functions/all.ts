/** All functions, as they run together in one local process and in a replay. */
import type { ScanFunction } from '../shared/runtime/function.ts';
import { jobFinished } from './job-finished/handler.ts';
import { jobStarted } from './job-started/handler.ts';
import { policyEvaluated } from './policy-evaluated/handler.ts';

export const allFunctions: readonly ScanFunction[] = [jobStarted, jobFinished, policyEvaluated];
