/**
 * Facts to status: read, join, project, compare, write; on a conflict from the start.
 *
 * Whoever writes meanwhile loses nothing: each attempt joins into what it has just read.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Fact, Run } from '../conditions/facts.ts';
import { inferredRun, joinInferred } from '../conditions/inferred.ts';
import { changesOf, conditionsOf, project } from '../conditions/project.ts';
import { addRunToAll, KEPT_RUNS, type Runs } from '../conditions/runs.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { NextStatus, ScanStore, StoredScan } from './store.ts';
import { Conflict, Unanswered, Unavailable } from './unavailable.ts';

/** What became of one fact. */
export interface Applied {
  readonly outcome: 'applied' | 'duplicate' | 'superseded';
  /** The fact as its run keeps it: of two finishes of one run the one that stands. */
  readonly fact: Fact;
  /** The scan as it stands; absent where it is gone or was recreated. */
  readonly live?: { readonly status: () => JsonObject; readonly labels?: Readonly<Record<string, string>> };
}

const WRITES = 5;
/** The longest wait before the second attempt, in milliseconds; it doubles with each. */
const FIRST_WAIT = 10;

/** Full jitter: two writers that met once should not meet again. */
const wait = async (attempt: number): Promise<void> => {
  await delay(Math.random() * FIRST_WAIT * 2 ** attempt);
};

/** What facts come to once they are joined into a scan. */
interface Joined {
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

const joinFacts = (stored: StoredScan, facts: readonly Fact[]): Joined => {
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

const asKept = (fact: Fact, runs: Runs): Fact => ({
  ...fact,
  run: runs.find(({ uid }) => uid === fact.run.uid) ?? fact.run,
});

/** What is to be written. A dry run asks for the status of each scan once, not after each event. */
const nextStatus = (stored: StoredScan, runs: Runs): NextStatus => {
  let projected: JsonObject | undefined;
  return {
    runs,
    status: () => {
      // Without runs the conditions are what is known, and stay as they are.
      projected ??= runs.length === 0 ? stored.status : project(stored.status, runs, stored.spec);
      return projected;
    },
  };
};

/** Where the runs stay the same, somebody may still have changed what follows from them. */
const isWritten = ({ runs, status }: StoredScan, next: NextStatus): boolean =>
  next.runs.length === 0 || (next.runs === runs && isDeepStrictEqual(next.status(), status));

/** What a write of ours may have told that nobody answered. */
type Told = Set<Fact>;

const outcomeOf = (fact: Fact, { news, stands, otherwise }: Joined, told: Told): Applied['outcome'] => {
  if (news.has(fact) || told.has(fact)) return stands(fact) ? 'applied' : 'superseded';
  return stands(fact) ? 'duplicate' : otherwise;
};

const attempt = async (
  store: ScanStore,
  stored: StoredScan,
  facts: readonly Fact[],
  told: Told,
): Promise<readonly Applied[]> => {
  const joined = joinFacts(stored, facts);
  const next = nextStatus(stored, joined.runs);
  try {
    if (!isWritten(stored, next)) await store.write(stored, next);
  } catch (error) {
    if (error instanceof Unanswered) for (const fact of joined.news) told.add(fact);
    throw error;
  }
  const live = { status: next.status, ...(stored.labels && { labels: stored.labels }) };
  return facts.map((fact) => ({
    outcome: outcomeOf(fact, joined, told),
    fact: asKept(fact, joined.runs),
    live,
  }));
};

/**
 * Writes the facts of one scan, all together in one write, and says what became of each, in their order.
 *
 * @param facts all about the same scan
 * @throws Unavailable where the store cannot be reached, or conflicts persist
 */
export const applyFacts = async (store: ScanStore, facts: readonly Fact[]): Promise<readonly Applied[]> => {
  const [first] = facts;
  if (first === undefined) return [];
  const told: Told = new Set();
  let last: Conflict | undefined;
  for (let tried = 0; tried < WRITES; tried += 1) {
    const stored = await store.read(first.scan);
    if (stored === undefined) return facts.map((fact) => ({ outcome: 'superseded', fact }));
    try {
      return await attempt(store, stored, facts, told);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      last = error;
      await wait(tried);
    }
  }
  const problem = last instanceof Unanswered ? 'no write is answered' : 'the scan is written by others all the time';
  throw new Unavailable(problem, { cause: last?.cause });
};
