/**
 * The join of runs: what is known after one more fact.
 *
 * Associative, commutative and idempotent, for the facts of up to five runs of a scan: in whatever order, how often and
 * how concurrently they arrive, the same runs are known in the end. Two limits remain. Of more than five runs the oldest
 * is dropped, and a dropped run that later tells an instant younger than the oldest kept comes back without what it told
 * before. And a run is as old as the earliest instant that reached us: while only its finish is known, it counts as
 * begun when it ended.
 */
import { canonicalJson } from './canonical.ts';
import type { Finish, Run, Verdict } from './facts.ts';
import type { Instant } from './instant.ts';
import { cutText } from './text.ts';

/** The runs of one scan, newest first. */
export type Runs = readonly Run[];

/** How many runs of a scan are kept. */
export const KEPT_RUNS = 5;

/**
 * The bytes of a finish's message that a run keeps once it has a verdict.
 *
 * Both texts in full, five times, would outgrow a status. Which run is the newest may still change, so no run may give
 * up more for being older: what it gives up depends on the run alone, and having a verdict is never taken back. The
 * Job controller's own messages are shorter than this.
 */
export const FINISH_MESSAGE_BYTES_BESIDE_VERDICT = 512;

/** An order of values: negative where `a` yields to `b`, 0 where they are the same. */
type Order<T> = (a: T, b: T) => number;

const byGreater = (a: string | number | boolean, b: string | number | boolean): number => {
  if (a === b) return 0;
  return a > b ? 1 : -1;
};

const keptBesideVerdict = ({ message }: Finish): string => cutText(message, FINISH_MESSAGE_BYTES_BESIDE_VERDICT);

/**
 * Which of two finishes of one run stands: what the Job controller wrote, then a failure, then the earlier, then the one
 * with more detail. A message may have been cut already, so what a cut keeps of both is compared before the rest is.
 */
export const finishOrder: Order<Finish> = (a, b) =>
  byGreater(a.inferred !== true, b.inferred !== true) ||
  byGreater(a.outcome === 'failed', b.outcome === 'failed') ||
  byGreater(b.at, a.at) ||
  byGreater(a.error.length, b.error.length) ||
  byGreater(b.error, a.error) ||
  byGreater(b.reason ?? '', a.reason ?? '') ||
  byGreater(keptBesideVerdict(b), keptBesideVerdict(a)) ||
  byGreater(b.message, a.message);

const VERDICT_RANK: Readonly<Record<Verdict['verdict'], number>> = { failed: 2, error: 1, passed: 0 };

/** Which of two verdicts of one run stands: the latest, of the newest policy; of equals the worse. */
export const verdictOrder: Order<Verdict> = (a, b) =>
  byGreater(a.at, b.at) ||
  byGreater(a.policy.generation ?? -1, b.policy.generation ?? -1) ||
  byGreater(a.policy.digest, b.policy.digest) ||
  byGreater(VERDICT_RANK[a.verdict], VERDICT_RANK[b.verdict]) ||
  byGreater(canonicalJson(a), canonicalJson(b));

const greatest = <T>(order: Order<T>, a: T | undefined, b: T | undefined): T | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  return order(a, b) >= 0 ? a : b;
};

const lesser = (a: Instant, b: Instant): number => byGreater(b, a);

const shortened = (finish: Finish | undefined): Finish | undefined => {
  if (finish === undefined) return undefined;
  const message = keptBesideVerdict(finish);
  return message === finish.message ? finish : { ...finish, message };
};

const accountsFor = (a: Run, b: Run): boolean =>
  a.age === b.age &&
  a.finish === b.finish &&
  a.verdict === b.verdict &&
  a.startedAt === b.startedAt &&
  a.createdAt === b.createdAt &&
  a.job === b.job &&
  a.generation === b.generation;

/** A run while it is put together; its members are set in one order, so that equal runs are written alike. */
type Draft = { -readonly [Name in keyof Run]: Run[Name] };

/** What two accounts of one run (the same `uid`) say together. The very object `a` where `b` tells nothing new. */
export const joinRun = (a: Run, b: Run): Run => {
  const job = greatest(byGreater, a.job, b.job);
  const createdAt = greatest(lesser, a.createdAt, b.createdAt);
  const startedAt = greatest(lesser, a.startedAt, b.startedAt);
  const generation = greatest(byGreater, a.generation, b.generation);
  const verdict = greatest(verdictOrder, a.verdict, b.verdict);
  const whole = greatest(finishOrder, a.finish, b.finish);
  const finish = verdict === undefined ? whole : shortened(whole);
  const joined: Draft = { uid: a.uid, age: a.age < b.age ? a.age : b.age };
  if (job !== undefined) joined.job = job;
  if (createdAt !== undefined) joined.createdAt = createdAt;
  if (startedAt !== undefined) joined.startedAt = startedAt;
  if (generation !== undefined) joined.generation = generation;
  if (finish !== undefined) joined.finish = finish;
  if (verdict !== undefined) joined.verdict = verdict;
  return accountsFor(a, joined) ? a : joined;
};

/** Whether run `a` is newer than run `b`: by age, and by the greater uid where they are as old. */
export const isNewer = (a: Run, b: Run): boolean => (byGreater(a.age, b.age) || byGreater(a.uid, b.uid)) > 0;

const insertRun = (runs: Runs, run: Run, most: number): Runs => {
  const known = runs.find(({ uid }) => uid === run.uid);
  const joined = joinRun(known ?? { uid: run.uid, age: run.age }, run);
  if (joined === known) return runs;
  const kept = runs.filter((other) => other !== known);
  const older = kept.findIndex((other) => isNewer(joined, other));
  const at = older < 0 ? kept.length : older;
  if (at === most) return runs;
  kept.splice(at, 0, joined);
  if (kept.length > most) kept.pop();
  return kept;
};

/** The runs after one more account of a run. The very array `runs` where it tells nothing new, or is too old to keep. */
export const addRun = (runs: Runs, run: Run): Runs => insertRun(runs, run, KEPT_RUNS);

/** As `addRun`, but drops none, while several facts are joined. */
export const addRunToAll = (runs: Runs, run: Run): Runs => insertRun(runs, run, Number.POSITIVE_INFINITY);

/** What two histories of one scan say together. */
export const joinRuns = (a: Runs, b: Runs): Runs => b.reduce(addRun, a);
