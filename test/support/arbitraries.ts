/** Generated facts: overlapping runs of one scan, with texts and instants that meet and tie often. */
import fc from 'fast-check';
import {
  completeFinish,
  deletedFinish,
  type Fact,
  type Finish,
  failedFinish,
  type Run,
  type Verdict,
  verdictTexts,
} from '../../shared/conditions/facts.ts';
import type { Instant } from '../../shared/conditions/instant.ts';

/** The instant a number of seconds into the hour from which facts are generated. */
export const second = (seconds: number): Instant =>
  new Date(Date.UTC(2026, 10, 23) + seconds * 1_000).toISOString().replace('.000Z', 'Z') as Instant;

const SECONDS = 8;
const instants = fc.integer({ min: 0, max: SECONDS }).map(second);
const texts = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'ab', 'Job failed'),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('x'.repeat(40_000), '"'.repeat(30_000), '🦀é'.repeat(600)),
);
const reasons = fc.constantFrom(undefined, 'BackoffLimitExceeded', 'DeadlineExceeded');

const finishes: fc.Arbitrary<Finish> = fc.oneof(
  instants.map(completeFinish),
  instants.map(deletedFinish),
  fc
    .tuple(instants, fc.record({ reason: reasons, message: texts, error: texts }))
    .map(([at, told]) => failedFinish(at, told)),
);

const policies = fc.record(
  {
    name: fc.constantFrom('scan-policy', 'other'),
    digest: fc.constantFrom('sha256:a', 'sha256:b'),
    generation: fc.nat(2),
  },
  { requiredKeys: ['name', 'digest'] },
);
const ids = fc.array(fc.constantFrom('CVE-2026-1', 'CVE-2026-2', 'GHSA-x', 'CVE-2025-9'), { maxLength: 4 });

const verdicts: fc.Arbitrary<Verdict> = fc
  .record(
    {
      at: instants,
      policy: policies,
      verdict: fc.constantFrom('passed', 'failed', 'error'),
      ids,
      error: texts,
      cveCount: fc.constant({ CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: 1 }),
      scanner: fc.constant({ name: 'Trivy' }),
    },
    { requiredKeys: ['at', 'policy', 'verdict', 'ids', 'error'] },
  )
  .map(({ ids: violations, error, verdict, ...told }) => ({
    ...told,
    verdict,
    ...verdictTexts(verdict, violations, error),
  }));

type Part = (uid: string) => fc.Arbitrary<Run>;

const created: Part = (uid) => instants.map((at) => ({ uid, age: at, createdAt: at }));
const started: Part = (uid) =>
  fc
    .record({ at: instants, job: fc.constantFrom('scan-1', 'scan-2'), generation: fc.nat(3) }, { requiredKeys: ['at'] })
    .map(({ at, ...told }) => ({ uid, ...told, age: at, startedAt: at }));
const finished: Part = (uid) =>
  fc.tuple(finishes, instants).map(([finish, told]) => ({ uid, age: told < finish.at ? told : finish.at, finish }));
const evaluated: Part = (uid) => verdicts.map((verdict) => ({ uid, age: verdict.at, verdict }));

/** One fact about a run of one of these uids. */
export const factsAbout = (...uids: readonly string[]): fc.Arbitrary<Run> =>
  fc.constantFrom(...uids).chain((uid) => fc.oneof(created(uid), started(uid), finished(uid), evaluated(uid)));

/** Facts of up to five runs that overlap. */
export const someFacts = fc.array(factsAbout('a', 'b', 'c', 'd', 'e'), { maxLength: 14 });

/** The same things in two orders, the second with repetitions. */
export const inTwoOrders = <T>(some: fc.Arbitrary<T[]>): fc.Arbitrary<[T[], T[]]> =>
  some.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc
        .tuple(fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all))
        .chain(([each, again]) => fc.shuffledSubarray([...each, ...again], { minLength: each.length + again.length })),
    ),
  );

export const twoOrders = inTwoOrders(someFacts);

/** A fact of a run, as events tell it: a start, a finish or a verdict at this instant. */
const factAt = (at: Instant): fc.Arbitrary<Pick<Fact, 'type' | 'run'>> =>
  fc.constantFrom('a', 'b', 'c').chain((uid) =>
    fc.oneof(
      fc
        .record({ generation: fc.nat(3) }, { requiredKeys: [] })
        .map((told) => ({ type: 'started' as const, run: { uid, ...told, age: at, startedAt: at } })),
      fc.tuple(finishes, fc.record({ generation: fc.nat(3) }, { requiredKeys: [] })).map(([finish, told]) => ({
        type: 'finished' as const,
        run: { uid, ...told, age: at, finish: { ...finish, at } },
      })),
      verdicts.map((verdict) => ({ type: 'evaluated' as const, run: { uid, age: at, verdict: { ...verdict, at } } })),
    ),
  );

/** Facts of several runs, no two of them at one instant. */
export const factsApart = fc
  .uniqueArray(fc.nat(40), { maxLength: 8 })
  .chain((seconds) => fc.tuple(...seconds.map((at) => factAt(second(at)))))
  .map((facts): Pick<Fact, 'type' | 'run'>[] => facts);

/** Facts of several runs, many of them at one instant. */
export const factsTogether = fc.array(
  fc.nat(3).chain((at) => factAt(second(at))),
  { maxLength: 8 },
);
