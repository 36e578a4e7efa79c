/** What an event says of a scan's Job, whichever shape it came in, and the facts that follow. */
import type { Fact, Finish, Run, ScanRef } from '../conditions/facts.ts';
import type { Instant } from '../conditions/instant.ts';
import { type Ignored, isIgnored } from './scope.ts';

export interface JobEvent {
  readonly scan: ScanRef;
  readonly run: Pick<Run, 'uid' | 'job' | 'generation' | 'createdAt'>;
  readonly startedAt?: Instant;
  readonly finish?: Finish;
}

const earliest = (instants: readonly (Instant | undefined)[]): Instant =>
  instants.filter((instant) => instant !== undefined).reduce((a, b) => (a < b ? a : b));

const factOf = (scan: ScanRef, type: Fact['type'], run: Run): Fact => ({ scan, type, run });

/** The fact that a Job was created, and started where the event says so. */
export const startedFact = (job: JobEvent | Ignored): Fact | Ignored => {
  if (isIgnored(job)) return job;
  const { scan, run, startedAt } = job;
  if (startedAt === undefined && run.createdAt === undefined) return { ignored: 'the event tells no start' };
  const age = earliest([run.createdAt, startedAt]);
  return factOf(scan, 'started', { ...run, age, ...(startedAt !== undefined && { startedAt }) });
};

/**
 * The fact that a Job finished. Its creation and start, where the event tells them, make the run as old as it is; they
 * are not this fact's to keep.
 */
export const finishedFact = (job: JobEvent | Ignored): Fact | Ignored => {
  if (isIgnored(job)) return job;
  const { scan, run, startedAt, finish } = job;
  if (finish === undefined) return { ignored: 'the Job has not finished' };
  const { createdAt, ...told } = run;
  return factOf(scan, 'finished', { ...told, age: earliest([createdAt, startedAt, finish.at]), finish });
};
