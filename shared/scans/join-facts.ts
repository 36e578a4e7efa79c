/** Facts joined into a scan as it was read: by its runs, or where it has none by what its conditions tell. */
import { isDeepStrictEqual } from 'node:util';
import type { Fact, Run } from '../conditions/facts.ts';
import { inferredRun, joinInferred } from '../conditions/inferred.ts';
import { changesOf, conditionsOf } from '../conditions/project.ts';
import { addRunToAll, KEPT_RUNS, type Runs } from '../conditions/runs.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { StoredScan } from './store.ts';

/** What facts come to once they are joined into a scan. */
export interface Joined {
  readonly runs: Runs;
  /** The facts that told something new. */
  readonly news: ReadonlySet<Fact>;
  /** Whether the newest run says what the fact told. */
  readonly stands: (fact: Fact) => boolean;
  /** What became of a fact that told nothing new and does not stand. */
  readonly otherwise: 'duplicate' | 'superseded';
}

const joinAll = (known: Runs, facts: readonly Fact[], join: (runs: Runs, run: Run) => Runs) => {
  let runs = known;
  const news = facts.filter(({ run }) => {
    const before = runs;
    runs = join(before, run);
    return runs !== before;
  });
  return { runs, news: new Set(news) };
};

/**
 * Joins a batch before any run is dropped: one that was dropped and came back within one write would have lost what is
 * written of it already.
 */
const joinBatch = (known: Runs, facts: readonly Fact[]): Pick<Joined, 'runs' | 'news'> => {
  const all = joinAll(known, facts, addRunToAll);
  if (all.runs.length <= KEPT_RUNS) return all;
  const kept = all.runs.slice(0, KEPT_RUNS);
  const news = [...all.news].filter(({ run }) => kept.some(({ uid }) => uid === run.uid));
  const isKnown = kept.length === known.length && kept.every((run, at) => run === known[at]);
  return { runs: isKnown ? known : kept, news: new Set(news) };
};

const addToInferred = (runs: Runs, told: Run): Runs => {
  const [known] = runs;
  const joined = known && joinInferred(known, told);
  return joined === undefined || joined === known ? runs : [joined];
};

/** Without runs there is nothing but the conditions to judge by: whether they say what the fact does. */
const saysSo = ([newest]: Runs, { type, run }: Fact): boolean => {
  const said = newest === undefined ? [] : conditionsOf(newest);
  const told = conditionsOf(run);
  return changesOf(type, run).every((change) => {
    const at = told.find((condition) => condition.type === change.type)?.lastTransitionTime;
    return said.some((one) => one.type === change.type && one.status === change.to && one.lastTransitionTime === at);
  });
};

/**
 * The run of a fact that says what the conditions say already, no more and no less. Where the CRD knows runs, it becomes
 * the first of them, so that an earlier controller's scans are known by their facts from then on.
 */
const adopted = ({ runs }: JsonObject, inferred: Run, facts: readonly Fact[]): Runs => {
  if (runs === undefined) return [];
  const said = conditionsOf(inferred);
  const fact = facts.find(({ run }) => isDeepStrictEqual(conditionsOf(run), said));
  return fact === undefined ? [] : [fact.run];
};

/** Joins facts about one scan into what is known of it. */
export const joinFacts = (stored: Pick<StoredScan, 'runs' | 'status'>, facts: readonly Fact[]): Joined => {
  const known = stored.runs;
  const inferred = known.length > 0 ? undefined : inferredRun(stored.status);
  if (inferred === undefined) {
    const { runs, news } = joinBatch(known, facts);
    return { runs, news, stands: ({ run }) => runs[0]?.uid === run.uid, otherwise: 'duplicate' };
  }
  const { runs, news } = joinAll([inferred], facts, addToInferred);
  const stands = (fact: Fact) => saysSo(runs, fact);
  return {
    runs: news.size === 0 ? adopted(stored.status, inferred, facts) : runs,
    news,
    stands,
    otherwise: 'superseded',
  };
};
