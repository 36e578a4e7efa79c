/** What an event asks to be evaluated: a run of a scan, and where its report is. */
import type { Fact, ScanRef } from '../conditions/facts.ts';
import type { Instant } from '../conditions/instant.ts';
import type { Event } from '../events/event.ts';
import { readJobEvent } from '../events/job-event.ts';
import { finishedFact } from '../events/job-facts.ts';
import { type ReportSource, readReportReady } from '../events/report-ready.ts';
import { type Ignored, isIgnored, type Scope } from '../events/scope.ts';
import { REPORT_READY } from '../events/types.ts';

export interface EvaluationRequest {
  readonly scan: ScanRef;
  /** The run: its Job's uid. */
  readonly run: string;
  /** The finish of a finished Job, or when the evaluation was asked for: the same request makes the same fact. */
  readonly evaluatedAt: Instant;
  /** Where the report is; absent, in the log of the Job's pod. */
  readonly report?: ReportSource;
}

/** Holds what an event tells of a Job against the cluster. */
export type ConfirmFact = (fact: Fact, scope: Scope) => Promise<Fact | Ignored>;

const ofFinishedJob = async (
  event: Event,
  scope: Scope,
  confirm?: ConfirmFact,
): Promise<EvaluationRequest | Ignored> => {
  const told = finishedFact(readJobEvent(event, scope));
  const fact = isIgnored(told) || confirm === undefined ? told : await confirm(told, scope);
  if (isIgnored(fact)) return fact;
  const { scan, run } = fact;
  if (run.finish?.outcome !== 'complete') return { ignored: 'the Job did not complete, so there is no report' };
  return { scan, run: run.uid, evaluatedAt: run.finish.at };
};

/** What the event asks for. Throws `Rejected`, and `Unavailable` where the cluster cannot be asked whether it is true. */
export const requestOf = async (
  event: Event,
  scope: Scope,
  confirm?: ConfirmFact,
): Promise<EvaluationRequest | Ignored> => {
  if (event.type !== REPORT_READY) return ofFinishedJob(event, scope, confirm);
  const { scan, run, requestedAt, report } = readReportReady(event, scope);
  return { scan, run, evaluatedAt: requestedAt, report };
};
