/**
 * What a job event claims, held against the cluster: the Job itself, and how its containers ended.
 *
 * Off unless it is asked for: it costs a request or two an event.
 */
import { type Fact, type Finish, failedFinish } from '../conditions/facts.ts';
import { readJob } from '../events/apiserver.ts';
import { finishedFact, startedFact } from '../events/job-facts.ts';
import { type Ignored, isIgnored, type Scope } from '../events/scope.ts';
import { APISERVER_UPDATED } from '../events/types.ts';
import type { Jobs, Termination } from '../scans/jobs.ts';
import { scanKey } from '../scans/store.ts';

/** What is true of a fact that an event told. Throws `Unavailable` where the cluster cannot be asked now. */
export type Confirm = (fact: Fact, scope: Scope) => Promise<Fact | Ignored>;

interface ConfirmSettings {
  /** Whether the event is only a hint, and the Job says what happened. */
  readonly readsJobs: boolean;
  /** Whether a failed Job's pods are asked why. */
  readonly readsPods: boolean;
}

/** What the Job itself says, in place of what the event said of it. */
const fromJob = async (jobs: Jobs, { scan, type, run }: Fact, scope: Scope): Promise<Fact | Ignored> => {
  if (run.job === undefined) return { ignored: 'the event names no Job to be asked' };
  const job = await jobs.job(scan.namespace, run.job);
  if (job === undefined) return { ignored: 'the Job is gone, and its events are not believed' };
  const told = readJob({ type: APISERVER_UPDATED, data: job }, scope);
  if (isIgnored(told)) return told;
  if (told.run.uid !== run.uid) return { ignored: 'the Job was recreated, and its events are not believed' };
  if (scanKey(told.scan) !== scanKey(scan)) return { ignored: 'the Job is of another scan than the event says' };
  return type === 'started' ? startedFact(told) : finishedFact(told);
};

/** The latest end decides; of several at once a failure, then the lesser name. */
const laterEnd = (a: Termination, b: Termination): Termination => {
  if (a.finishedAt !== b.finishedAt) return a.finishedAt > b.finishedAt ? a : b;
  return a.container <= b.container ? a : b;
};

const endText = ({ container, exitCode, reason, message }: Termination): string => {
  const why = reason === '' || reason === 'Error' ? '' : ` (${reason})`;
  return `container ${container} exited with code ${exitCode}${why}${message === '' ? '' : `: ${message}`}`;
};

const withDetail = (finish: Finish, terminations: readonly Termination[]): Finish => {
  const failures = terminations.filter(({ exitCode }) => exitCode !== 0);
  if (failures.length === 0) return finish;
  const { at, reason, message, error } = finish;
  return failedFinish(at, { reason, message, error: `${error}; ${endText(failures.reduce(laterEnd))}` });
};

const withPodDetails = async (jobs: Jobs, fact: Fact): Promise<Fact> => {
  const { scan, run } = fact;
  if (run.finish?.outcome !== 'failed' || run.finish.inferred) return fact;
  const finish = withDetail(run.finish, await jobs.terminations(scan.namespace, run.uid));
  return { ...fact, run: { ...run, finish } };
};

/** Asks the cluster about job events; a verdict is nothing that a Job could tell. */
export const confirmWith =
  (jobs: Jobs, { readsJobs, readsPods }: ConfirmSettings): Confirm =>
  async (fact, scope) => {
    if (fact.type === 'evaluated') return fact;
    const confirmed = readsJobs ? await fromJob(jobs, fact, scope) : fact;
    return isIgnored(confirmed) || !readsPods ? confirmed : withPodDetails(jobs, confirmed);
  };
