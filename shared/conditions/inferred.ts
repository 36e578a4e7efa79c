/**
 * What our conditions tell where a status keeps no runs: the CRD is not ours and drops them, or another controller wrote
 * the conditions before us.
 *
 * The newest run is then known by its instants alone. A later instant wins, so facts with different instants still end
 * in the same conditions in any order; what two runs told at the same second cannot be told apart.
 */
import type { Finish, Run, Verdict } from './facts.ts';
import { type Instant, parseInstant } from './instant.ts';
import { finishOrder, verdictOrder } from './runs.ts';
import { type ConditionType, isJsonObject, type JsonObject } from './status.ts';

/** One of our conditions as it stands in a status, whoever wrote it. */
interface Standing {
  readonly status: unknown;
  readonly at: Instant;
  readonly message: string;
  readonly error: string;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const standing = ({ conditions }: JsonObject, type: ConditionType): Standing | undefined => {
  if (!Array.isArray(conditions)) return undefined;
  const found = conditions.filter(isJsonObject).find((condition) => condition.type === type);
  const at = parseInstant(textOf(found?.lastTransitionTime));
  if (found === undefined || at === undefined) return undefined;
  return { status: found.status, at, message: textOf(found.message), error: textOf(found.error) };
};

const finishOf = ({ status, ...told }: Standing): Finish => ({
  outcome: status === 'True' ? 'complete' : 'failed',
  ...told,
});

const VERDICT_OF = new Map<unknown, Verdict['verdict']>([
  ['True', 'passed'],
  ['False', 'failed'],
]);

const verdictOf = ({ status, at, message, error }: Standing): Verdict => ({
  at,
  policy: { name: '', digest: '' },
  verdict: VERDICT_OF.get(status) ?? 'error',
  message,
  ...(error !== '' && { error }),
});

/** Drops what a later instant has overtaken: a start opens a new run, and a verdict is of a run that has finished. */
const newestOf = (run: Run): Run => {
  const { startedAt, finish, verdict, ...rest } = run;
  const stands = finish !== undefined && !(startedAt !== undefined && finish.at < startedAt);
  const latest = stands ? finish.at : startedAt;
  const isJudged = verdict !== undefined && !(latest !== undefined && verdict.at < latest);
  return {
    ...rest,
    ...(!stands && startedAt !== undefined && { startedAt }),
    ...(stands && { finish }),
    ...(isJudged && { verdict }),
  };
};

/** The newest run as the conditions tell it; `undefined` where there are runs, or no condition of ours. */
export const inferredRun = (status: JsonObject): Run | undefined => {
  if ('runs' in status) return undefined;
  const [scanning, succeeded, policy] = [
    standing(status, 'Scanning'),
    standing(status, 'Succeeded'),
    standing(status, 'PolicySucceeded'),
  ];
  const startedAt = scanning?.status === 'True' ? scanning.at : undefined;
  const [age] = [startedAt, succeeded?.at, policy?.at].filter((at) => at !== undefined).sort();
  if (age === undefined) return undefined;
  return newestOf({
    uid: '',
    age,
    ...(Number.isSafeInteger(status.observedGeneration) && { generation: Number(status.observedGeneration) }),
    ...(startedAt !== undefined && { startedAt }),
    ...(succeeded !== undefined && { finish: finishOf(succeeded) }),
    ...(policy !== undefined && { verdict: verdictOf(policy) }),
  });
};

const isSameFinish = (a: Finish, b: Finish): boolean =>
  a.at === b.at && a.outcome === b.outcome && a.message === b.message;

const isSameVerdict = (a: Verdict, b: Verdict): boolean =>
  a.at === b.at && a.verdict === b.verdict && a.message === b.message;

const later = <T extends { readonly at: Instant }>(
  known: T | undefined,
  told: T | undefined,
  isSame: (a: T, b: T) => boolean,
  order: (a: T, b: T) => number,
): T | undefined => {
  if (known === undefined || told === undefined) return known ?? told;
  if (isSame(known, told)) return known;
  if (known.at !== told.at) return known.at > told.at ? known : told;
  return order(known, told) >= 0 ? known : told;
};

/** The newest run after one more fact. The very object `known` where the fact tells nothing newer. */
export const joinInferred = (known: Run, told: Run): Run => {
  const finish = later(known.finish, told.finish, isSameFinish, finishOrder);
  const verdict = later(known.verdict, told.verdict, isSameVerdict, verdictOrder);
  const startedAt = [known.startedAt, told.startedAt]
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
  const { uid, age, job, generation } = told;
  const joined = newestOf({
    uid,
    age,
    ...(job !== undefined && { job }),
    ...(generation !== undefined && { generation }),
    ...(startedAt !== undefined && { startedAt }),
    ...(finish !== undefined && { finish }),
    ...(verdict !== undefined && { verdict }),
  });
  const isKnown =
    joined.startedAt === known.startedAt && joined.finish === known.finish && joined.verdict === known.verdict;
  if (isKnown) return known;
  // A verdict says nothing of the Job: what was known of it stays.
  const isOfJob = joined.startedAt !== known.startedAt || joined.finish !== known.finish;
  return isOfJob || known.generation === undefined ? joined : { ...joined, generation: known.generation };
};
