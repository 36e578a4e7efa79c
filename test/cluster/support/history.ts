/** What truly happened to many scans, as facts, and the events that tell of it. */
import fc from 'fast-check';
import {
  completeFinish,
  type Fact,
  type Finish,
  failedFinish,
  type Run,
  type ScanRef,
  type Verdict,
  verdictTexts,
} from '../../../shared/conditions/facts.ts';
import type { Instant } from '../../../shared/conditions/instant.ts';
import type { JsonObject } from '../../../shared/conditions/status.ts';
import { JOB_FINISHED, JOB_STARTED, POLICY_EVALUATED } from '../../../shared/events/types.ts';

/** A fact and the event that tells it. */
export interface Told {
  readonly fact: Fact;
  readonly event: JsonObject;
}

interface JobRun {
  readonly uid: string;
  readonly job: string;
  readonly createdAt: Instant;
  readonly generation: number;
}

const RUNS = 5;
/** Long past on any clock, so that every function believes it. */
const BEGIN = Date.UTC(2025, 0, 1);

const instantOf = (seconds: number): Instant =>
  new Date(BEGIN + seconds * 1_000).toISOString().replace('.000Z', 'Z') as Instant;

const eventOf = (id: string, type: string, data: JsonObject): JsonObject => ({
  specversion: '1.0',
  id,
  source: '/history',
  type,
  datacontenttype: 'application/json',
  data,
});

/** A Job tells of a start with each of its pods; the first counts. */
const startedOf = (scan: ScanRef, run: JobRun, startedAt: Instant): Told => ({
  fact: { scan, type: 'started', run: { ...run, age: run.createdAt, startedAt } },
  event: eventOf(`${run.uid}-started-${startedAt}`, JOB_STARTED, { scan, run, startedAt }),
});

const FAILURE = { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };

const finishedOf = (scan: ScanRef, run: JobRun, at: Instant, outcome: Finish['outcome']): Told => {
  const { createdAt, ...told } = run;
  const finish = outcome === 'complete' ? completeFinish(at) : failedFinish(at, FAILURE);
  const failure = outcome === 'failed' ? FAILURE : {};
  return {
    fact: { scan, type: 'finished', run: { ...told, age: createdAt, finish } },
    event: eventOf(`${run.uid}-finished`, JOB_FINISHED, { scan, run, finishedAt: at, outcome, ...failure }),
  };
};

const evaluatedOf = (scan: ScanRef, { uid }: JobRun, evaluatedAt: Instant, verdict: Verdict['verdict']): Told => {
  const policy = { name: 'policy', digest: 'sha256:0a1b', generation: 1 };
  const cveCount = { CRITICAL: 1, HIGH: 2, MEDIUM: 3, LOW: 4, UNKNOWN: 0, CVETOTAL: 10 };
  const violations = verdict === 'failed' ? ['CVE-2025-0001', 'GHSA-0002'] : [];
  const told = { policy, verdict, cveCount };
  const error = verdict === 'error' ? { error: 'rego_type_error' } : {};
  const texts = verdictTexts(verdict, violations, error.error);
  return {
    fact: { scan, type: 'evaluated', run: { uid, age: evaluatedAt, verdict: { at: evaluatedAt, ...told, ...texts } } },
    event: eventOf(`${uid}-evaluated`, POLICY_EVALUATED, {
      scan,
      run: { uid },
      evaluatedAt,
      violations,
      ...told,
      ...error,
    }),
  };
};

/** Runs overlap and tie, some never end, some are judged. */
const runShape = fc.record({
  begins: fc.nat(60),
  waits: fc.nat(2),
  retries: fc.nat(1),
  lasts: fc.nat(90),
  ends: fc.constantFrom('complete', 'complete', 'failed', undefined),
  verdict: fc.constantFrom('passed', 'failed', 'error', undefined),
});

type RunShape = typeof runShape extends fc.Arbitrary<infer Shape> ? Shape : never;

const runOf = (
  scan: ScanRef,
  at: number,
  { begins, waits, retries, lasts, ends, verdict }: RunShape,
): readonly Told[] => {
  const begin = at * 45 + begins;
  const end = begin + waits + lasts;
  const uid = `${scan.uid}-run-${at}`;
  const run = { uid, job: `${scan.name}-${at}`, createdAt: instantOf(begin), generation: 1 };
  const starts = Array.from({ length: retries + 1 }, (_, retry) => instantOf(begin + waits + retry * 10));
  const started = starts.map((startedAt) => startedOf(scan, run, startedAt));
  if (ends === undefined) return started;
  const finished = finishedOf(scan, run, instantOf(end), ends);
  if (ends === 'failed' || verdict === undefined) return [...started, finished];
  return [...started, finished, evaluatedOf(scan, run, instantOf(end), verdict)];
};

/** All that happened to each scan, which `seed` alone decides. */
export const historyOf = (scans: readonly ScanRef[], seed: number): readonly Told[] => {
  const shapes = fc.array(runShape, { minLength: RUNS, maxLength: RUNS });
  const all = fc.sample(shapes, { numRuns: scans.length, seed });
  return scans.flatMap((scan, index) => (all[index] ?? []).flatMap((shape, at) => runOf(scan, at, shape)));
};

/** The accounts of each scan's runs, by the scan's uid. */
export const accountsOf = (told: readonly Told[]): ReadonlyMap<string, readonly Run[]> =>
  new Map(
    Object.entries(Object.groupBy(told, ({ fact }) => fact.scan.uid)).map(([uid, all = []]) => [
      uid,
      all.map(({ fact }) => fact.run),
    ]),
  );
