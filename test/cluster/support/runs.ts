/** Runs and facts for tests, told in seconds of the hour from which facts are generated. */
import {
  completeFinish,
  failedFinish,
  type Run,
  type Verdict,
  verdictTexts,
} from '../../../shared/conditions/facts.ts';
import { second } from '../../support/arbitraries.ts';

export const verdictOf = (verdict: Verdict['verdict'], at = second(9)): Verdict => ({
  at,
  policy: { name: 'policy', digest: 'sha256:1' },
  verdict,
  ...verdictTexts(verdict, verdict === 'failed' ? ['CVE-2026-1'] : [], 'rego_type_error'),
});

/** One run, as it is known better and better. */
export const started: Run = { uid: 'a', job: 'scan-a', age: second(0), createdAt: second(0), startedAt: second(1) };
export const complete: Run = { ...started, finish: completeFinish(second(5)) };
/** Its finish tells more than a run with a verdict keeps. */
export const failed: Run = {
  ...started,
  finish: failedFinish(second(5), { reason: 'PodFailurePolicy', message: 'of no use '.repeat(90), error: 'exit 137' }),
};
export const passed: Run = { ...complete, verdict: verdictOf('passed') };
export const denied: Run = { ...complete, verdict: verdictOf('failed') };

/** The same of another run, which began so many seconds later. */
export const later = (uid: string, seconds: number, run: Run): Run => ({
  ...run,
  uid,
  age: second(seconds),
  createdAt: second(seconds),
  startedAt: second(seconds),
});

/** Facts: runs of which one thing is known. */
export const creation = (uid: string, at: number): Run => ({ uid, age: second(at), createdAt: second(at) });
export const start = (uid: string, at: number): Run => ({
  uid,
  job: `scan-${uid}`,
  age: second(at),
  startedAt: second(at),
});
export const finish = (uid: string, at: number): Run => ({ uid, age: second(at), finish: completeFinish(second(at)) });
export const verdict = (uid: string, at: number, told: Verdict['verdict'] = 'passed'): Run => ({
  uid,
  age: second(at),
  verdict: verdictOf(told, second(at)),
});
