/** Facts of a Job, as a function makes them, about one scan. */
import { completeFinish, type Fact, type ScanRef, verdictTexts } from '../../shared/conditions/facts.ts';
import { second } from './arbitraries.ts';

export const startedFact = (scan: ScanRef, uid: string, at: number): Fact => ({
  scan,
  type: 'started',
  run: { uid, age: second(at), startedAt: second(at) },
});

export const finishedFact = (scan: ScanRef, uid: string, at: number): Fact => ({
  scan,
  type: 'finished',
  run: { uid, age: second(at), finish: completeFinish(second(at)) },
});

export const failedVerdict = (scan: ScanRef, uid: string, at: number, ids: readonly string[]): Fact => ({
  scan,
  type: 'evaluated',
  run: {
    uid,
    age: second(at),
    verdict: {
      at: second(at),
      policy: { name: 'p', digest: 'sha256:a' },
      verdict: 'failed',
      ...verdictTexts('failed', ids, undefined),
    },
  },
});
