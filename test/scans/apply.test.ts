/** Applying facts: what becomes of each, how often it is written, and who wins when two write at once. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import { completeFinish, deletedFinish, type Fact, type Run, type Verdict } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, joinRun } from '../../shared/conditions/runs.ts';
import { applyFacts } from '../../shared/scans/apply.ts';
import { openEmbeddedStore } from '../../shared/scans/embedded.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore, StoredScan } from '../../shared/scans/store.ts';
import { Conflict, Unanswered, Unavailable } from '../../shared/scans/unavailable.ts';
import { factsAbout, second, someFacts } from '../support/arbitraries.ts';
import { scanNamed } from '../support/store-contract.ts';

const scan = scanNamed('one');
const started = (uid: string, at: number): Fact => ({
  scan,
  type: 'started',
  run: { uid, age: second(at), startedAt: second(at) },
});
const finished = (uid: string, at: number): Fact => ({
  scan,
  type: 'finished',
  run: { uid, age: second(at), finish: completeFinish(second(at)) },
});
const PASSED: Verdict = {
  at: second(4),
  policy: { name: 'policy', digest: 'sha256:1' },
  verdict: 'passed',
  message: 'No non-compliant vulnerabilities found',
};
const fresh = (): ScanStore => memoryStore({ maximum: 10 });

const outcomes = async (store: ScanStore, ...facts: readonly Fact[]): Promise<readonly string[]> => {
  const all: string[] = [];
  for (const fact of facts) all.push(...(await applyFacts(store, [fact])).map(({ outcome }) => outcome));
  return all;
};

/** A store whose writes are counted, and meet somebody else's as often as asked. */
const busy = (store: ScanStore, conflicts: number): ScanStore & { readonly writes: () => number } => {
  let writes = 0;
  return {
    ...store,
    writes: () => writes,
    write: async (read, next) => {
      writes += 1;
      if (writes <= conflicts) throw new Conflict();
      await store.write(read, next);
    },
  };
};

describe('applying a fact', () => {
  it('tells applied, duplicate and superseded apart', async () => {
    expect(
      await outcomes(
        fresh(),
        started('a', 1),
        started('a', 1),
        started('b', 5),
        finished('a', 6),
        finished('a', 6),
        finished('b', 9),
      ),
    ).toEqual(['applied', 'duplicate', 'applied', 'superseded', 'duplicate', 'applied']);
  });

  it('takes a run older than the five kept for a duplicate', async () => {
    const runs = [2, 3, 4, 5, 6].map((at) => started(`run-${at}`, at));
    expect((await outcomes(fresh(), ...runs, started('older', 1))).at(-1)).toBe('duplicate');
  });

  it('writes nothing for what it knows, and once for all facts of a batch', async () => {
    const store = busy(fresh(), 0);
    const batch = [started('a', 1), finished('a', 3), started('a', 1), started('b', 0)];
    expect((await applyFacts(store, batch)).map(({ outcome }) => outcome)).toEqual([
      'applied',
      'applied',
      'duplicate',
      'superseded',
    ]);
    expect(store.writes()).toBe(1);
    await applyFacts(store, batch);
    expect(store.writes()).toBe(1);
    expect(await applyFacts(store, [])).toEqual([]);
  });

  it('tells of a beaten finish the one that stands', async () => {
    const store = fresh();
    await applyFacts(store, [finished('a', 3)]);
    const beaten: Fact = {
      scan,
      type: 'finished',
      run: { uid: 'a', age: second(4), finish: deletedFinish(second(4)) },
    };
    expect(await applyFacts(store, [beaten])).toMatchObject([
      { outcome: 'duplicate', fact: { run: { finish: { outcome: 'complete' } } } },
    ]);
  });

  it('joins into what others have written when it meets a conflict', async () => {
    const store = busy(fresh(), 4);
    await expect(applyFacts(store, [started('a', 1)])).resolves.toMatchObject([{ outcome: 'applied' }]);
    expect(store.writes()).toBe(5);
  });

  it('gives up after five conflicts, for the sender to come again', async () => {
    const store = busy(fresh(), 5);
    await expect(applyFacts(store, [started('a', 1)])).rejects.toThrow(Unavailable);
    expect(store.writes()).toBe(5);
  });

  it('passes on any other failure', async () => {
    const failing: ScanStore = { ...fresh(), write: () => Promise.reject(new Unavailable('down')) };
    await expect(applyFacts(failing, [started('a', 1)])).rejects.toThrow('down');
  });

  it('takes a scan that is gone for superseded', async () => {
    const gone: ScanStore = { ...fresh(), read: async () => undefined };
    const applied = await applyFacts(gone, [started('a', 1)]);
    expect(applied).toMatchObject([{ outcome: 'superseded' }]);
    expect(applied[0]).not.toHaveProperty('live');
  });

  it('ends in the projection of all facts, however they interleave', async () => {
    await fc.assert(
      fc.asyncProperty(someFacts, async (runs) => {
        const store = fresh();
        const facts = runs.map((run): Fact => ({ scan, type: 'started', run }));
        // A conflict costs a retry, so a sender may have to come again.
        const send = async (fact: Fact): Promise<void> => {
          await applyFacts(store, [fact]).catch(() => send(fact));
        };
        await Promise.all(facts.map(send));
        const expected = project({}, runs.reduce(addRun, [] as readonly Run[]), { namesPolicy: false });
        const read = await store.read(scan);
        expect(canonicalJson(read?.status)).toBe(canonicalJson(runs.length === 0 ? {} : expected));
      }),
      { numRuns: 60 },
    );
  });
});

/** A store that does not answer its first writes; whether they took effect anyway, `has` says. */
const mute = (store: ScanStore, times: number, has: 'effect' | 'no effect'): ScanStore => {
  let writes = 0;
  return {
    ...store,
    write: async (read, next) => {
      writes += 1;
      if (writes > times) return store.write(read, next);
      if (has === 'effect') await store.write(read, next);
      throw new Unanswered({ cause: new Error('socket hang up') });
    },
  };
};

describe('a batch about more runs than are kept', () => {
  const sevenRuns = fc.array(factsAbout('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 12 });

  it('takes nothing back in one write that is written of a run which stays', async () => {
    await fc.assert(
      fc.asyncProperty(sevenRuns, sevenRuns, async (first, batch) => {
        const store = fresh();
        const fact = (run: Run): Fact => ({ scan, type: 'started', run });
        await applyFacts(store, first.map(fact));
        const before = (await store.read(scan))?.runs ?? [];
        await applyFacts(store, batch.map(fact));
        const after = (await store.read(scan))?.runs ?? [];
        for (const run of after) {
          const known = before.find(({ uid }) => uid === run.uid);
          expect(canonicalJson(known === undefined ? run : joinRun(known, run))).toBe(canonicalJson(run));
        }
      }),
    );
  });

  it('tells what came of each fact as if all had been known at once', async () => {
    const store = fresh();
    const runs = [1, 2, 3, 4, 5, 6].map((at) => started(`run-${at}`, at));
    const outcomesOfAll = (await applyFacts(store, runs.toReversed())).map(({ outcome }) => outcome);
    expect(outcomesOfAll).toEqual(['applied', ...new Array(4).fill('superseded'), 'duplicate']);
    expect((await store.read(scan))?.runs).toHaveLength(5);
  });
});

describe('a write that nobody answers', () => {
  it('is told as applied where it took effect, and is not written again', async () => {
    const counted = busy(fresh(), 0);
    expect(await outcomes(mute(counted, 1, 'effect'), started('a', 1), started('a', 1))).toEqual([
      'applied',
      'duplicate',
    ]);
    expect(counted.writes()).toBe(1);
  });

  it('is written again where it took none', async () => {
    const counted = busy(fresh(), 0);
    expect(await outcomes(mute(counted, 2, 'no effect'), started('a', 1))).toEqual(['applied']);
    expect(counted.writes()).toBe(1);
  });

  it('tells superseded what was written and is not of the newest run', async () => {
    const store = fresh();
    await outcomes(store, started('b', 9));
    expect(await outcomes(mute(store, 1, 'effect'), started('a', 1))).toEqual(['superseded']);
  });

  it('makes nothing applied that was known before', async () => {
    const store = fresh();
    await outcomes(store, started('a', 1));
    const batch = [started('a', 1), finished('a', 3)];
    const applied = await applyFacts(mute(store, 1, 'effect'), batch);
    expect(applied.map(({ outcome }) => outcome)).toEqual(['duplicate', 'applied']);
  });

  it('five times over is told to the sender, with what was met last', async () => {
    const store = mute(fresh(), 5, 'no effect');
    await expect(applyFacts(store, [started('a', 1)])).rejects.toMatchObject({
      name: 'Unavailable',
      message: 'no write is answered',
      cause: { message: 'socket hang up' },
    });
    await expect(applyFacts(busy(fresh(), 5), [started('a', 1)])).rejects.toThrow('written by others all the time');
  });
});

describe('a cached copy that is out of date', () => {
  /** A store whose first read gives what it held before. */
  const stale = (store: ScanStore, before: StoredScan | undefined): ScanStore & { readonly reads: () => number } => {
    let reads = 0;
    return {
      ...store,
      reads: () => reads,
      read: async (one) => {
        reads += 1;
        return reads === 1 ? before : store.read(one);
      },
    };
  };

  it('meets a conflict, and the facts are joined into what is read then', async () => {
    const memory = fresh();
    const before = await memory.read(scan);
    await outcomes(memory, started('b', 9));
    const store = stale(memory, before);
    expect(await outcomes(store, started('a', 1))).toEqual(['superseded']);
    expect(store.reads()).toBe(2);
    expect((await memory.read(scan))?.runs.map(({ uid }) => uid)).toEqual(['b', 'a']);
  });

  it('meets a conflict, and the fact turns out to be known', async () => {
    const memory = busy(fresh(), 0);
    const before = await memory.read(scan);
    await outcomes(memory, started('a', 1));
    const store = stale(memory, before);
    expect(await outcomes(store, started('a', 1))).toEqual(['duplicate']);
    expect([store.reads(), memory.writes()]).toEqual([2, 2]);
  });

  it('meets a conflict, and the scan turns out to be gone', async () => {
    const memory = busy(fresh(), 1);
    const store = { ...stale(memory, await memory.read(scan)) };
    let reads = 0;
    const gone: ScanStore = {
      ...store,
      read: async (one) => {
        reads += 1;
        return reads === 1 ? store.read(one) : undefined;
      },
    };
    expect(await outcomes(gone, started('a', 1))).toEqual(['superseded']);
  });
});

describe('a scan whose conditions an earlier controller wrote', () => {
  const told = project({}, [finished('a', 3).run], { namesPolicy: false });
  /** A store of a CRD of ours: a status that knows no runs has an empty list of them. */
  const legacy = async (status = told): Promise<ScanStore & { readonly writes: () => number }> => {
    const store = await openEmbeddedStore({ path: ':memory:', maximum: 10 });
    const read = await store.read(scan);
    if (read !== undefined) await store.write(read, { runs: [], status: () => ({ ...status, runs: [] }) });
    return busy(store, 0);
  };
  const runsIn = async (store: ScanStore) => (await store.read(scan))?.runs;

  it('is not opened again by a late start', async () => {
    const store = await legacy();
    expect(await outcomes(store, started('a', 1))).toEqual(['superseded']);
    expect(store.writes()).toBe(0);
  });

  it('takes the fact that says the same for its first run, and says the same as before', async () => {
    const store = await legacy();
    expect(await outcomes(store, finished('a', 3), finished('a', 3))).toEqual(['duplicate', 'duplicate']);
    expect(store.writes()).toBe(1);
    expect((await store.read(scan))?.status).toEqual(told);
  });

  it('takes nothing for its run that says less than its conditions do', async () => {
    const store = await legacy(project({}, [{ ...finished('a', 3).run, verdict: PASSED }], { namesPolicy: false }));
    expect(await outcomes(store, finished('a', 3))).toEqual(['duplicate']);
    expect([store.writes(), await runsIn(store)]).toEqual([0, []]);
  });

  it('is told by what is newer, as any other', async () => {
    const store = await legacy();
    expect(await outcomes(store, started('b', 5), finished('a', 3))).toEqual(['applied', 'superseded']);
    expect((await runsIn(store))?.map(({ uid }) => uid)).toEqual(['b', 'a']);
  });
});
