/** Applying facts: what becomes of each, how often it is written, and who wins when two write at once. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import { completeFinish, deletedFinish, type Fact, type Run } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun } from '../../shared/conditions/runs.ts';
import { applyFacts } from '../../shared/scans/apply.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Conflict, Unavailable } from '../../shared/scans/unavailable.ts';
import { second, someFacts } from '../support/arbitraries.ts';
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
