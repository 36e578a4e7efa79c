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
import { type ConditionType, isJsonObject, type JsonObject, reportFields } from './status.ts';

/** One of our conditions as it stands in a status, whoever wrote it. */
interface Standing {
  readonly status: unknown;
  readonly at: Instant;
  readonly message: string;
  readonly error: string;
  readonly generation: unknown;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const standing = ({ conditions }: JsonObject, type: ConditionType): Standing | undefined => {
  if (!Array.isArray(conditions)) return undefined;
  const found = conditions.filter(isJsonObject).find((condition) => condition.type === type);
  const at = parseInstant(textOf(found?.lastTransitionTime));
  if (found === undefined || at === undefined) return undefined;
  const { status, message, error, observedGeneration: generation } = found;
  return { status, at, message: textOf(message), error: textOf(error), generation };
};

const finishOf = ({ status, at, message, error }: Standing): Finish => ({
  at,
  outcome: status === 'True' ? 'complete' : 'failed',
  message,
  error,
});

const VERDICT_OF = new Map<unknown, Verdict['verdict']>([
  ['True', 'passed'],
  ['False', 'failed'],
]);

/** No condition says which policy it was. */
const NO_POLICY = { name: '', digest: '' };

/** What a status shows of the report that the verdict is on. */
const reportOf = ({ cveCount, scannedBy }: JsonObject): Pick<Verdict, 'cveCount' | 'scanner'> => {
  const counted = reportFields.cveCount.safeParse(cveCount).data;
  const scanner = reportFields.scanner.safeParse(isJsonObject(scannedBy) ? scannedBy.scanner : undefined).data;
  return { ...(counted && { cveCount: counted }), ...(scanner && { scanner }) };
};

const verdictOf = ({ status, at, message, error }: Standing, shown: JsonObject): Verdict => ({
  at,
  policy: NO_POLICY,
  verdict: VERDICT_OF.get(status) ?? 'error',
  message,
  ...(error !== '' && { error }),
  ...reportOf(shown),
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

/** Our CRDs give a status that knows no runs an empty list of them. */
const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** The newest run as the conditions tell it; `undefined` where there are runs, or no condition of ours. */
export const inferredRun = (status: JsonObject): Run | undefined => {
  if (status.runs !== undefined && !isEmptyList(status.runs)) return undefined;
  const [scanning, succeeded, policy] = [
    standing(status, 'Scanning'),
    standing(status, 'Succeeded'),
    standing(status, 'PolicySucceeded'),
  ];
  const startedAt = scanning?.status === 'True' ? scanning.at : undefined;
  const [age] = [startedAt, succeeded?.at, policy?.at].filter((at) => at !== undefined).sort();
  if (age === undefined) return undefined;
  // A CRD may know it of the status, of a condition, of both or of neither.
  const generation = [status.observedGeneration, ...[scanning, succeeded, policy].map((told) => told?.generation)].find(
    (told) => Number.isSafeInteger(told),
  );
  return newestOf({
    uid: '',
    age,
    ...(generation !== undefined && { generation: Number(generation) }),
    ...(startedAt !== undefined && { startedAt }),
    ...(succeeded !== undefined && { finish: finishOf(succeeded) }),
    ...(policy !== undefined && { verdict: verdictOf(policy, status) }),
  });
};

/** What the condition tells of a finish; its error only where it counts. */
const shownFinish = ({ at, outcome, message, error }: Finish, countsError: boolean): Finish => ({
  at,
  outcome,
  message,
  error: countsError ? error : '',
});

const shownVerdict = ({ at, verdict, message, error = '' }: Verdict, countsError: boolean): Verdict => ({
  at,
  policy: NO_POLICY,
  verdict,
  message,
  error: countsError ? error : '',
});

/**
 * Which of two tellings stands: the later, and of two of one second the one that the law prefers, as far as conditions
 * tell them. An error counts where both have one: a CRD that knows no such field drops it.
 */
const later = <T extends { readonly at: Instant; readonly error?: string }>(
  known: T | undefined,
  told: T | undefined,
  shown: (one: T, countsError: boolean) => T,
  order: (a: T, b: T) => number,
): T | undefined => {
  if (known === undefined || told === undefined) return known ?? told;
  if (known.at !== told.at) return known.at > told.at ? known : told;
  const countsError = Boolean(known.error && told.error);
  return order(shown(known, countsError), shown(told, countsError)) >= 0 ? known : told;
};

/** The newest run after one more fact. The very object `known` where the fact tells nothing newer. */
export const joinInferred = (known: Run, told: Run): Run => {
  const finish = later(known.finish, told.finish, shownFinish, finishOrder);
  const verdict = later(known.verdict, told.verdict, shownVerdict, verdictOrder);
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
