/**
 * Facts to status: read, join, project, compare, write; on a conflict from the start.
 *
 * Whoever writes meanwhile loses nothing: each attempt joins into what it has just read.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Fact } from '../conditions/facts.ts';
import { project } from '../conditions/project.ts';
import type { Runs } from '../conditions/runs.ts';
import type { JsonObject } from '../conditions/status.ts';
import { type Joined, joinFacts } from './join-facts.ts';
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

/** Times that a write is tried which others are faster than. */
export const WRITES = 5;
/** The longest wait before the second attempt, in milliseconds; it doubles with each. */
const FIRST_WAIT = 10;

/** Waits after an attempt, with full jitter: two writers that met once should not meet again. */
export const waitAfter = async (attempt: number): Promise<void> => {
  await delay(Math.random() * FIRST_WAIT * 2 ** attempt);
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
      await waitAfter(tried);
    }
  }
  const problem = last instanceof Unanswered ? 'no write is answered' : 'the scan is written by others all the time';
  throw new Unavailable(problem, { cause: last?.cause });
};
