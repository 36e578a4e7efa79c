/** The stores: one contract for all, and what is true of the embedded one alone. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { completeFinish, type Fact } from '../../shared/conditions/facts.ts';
import { applyFacts } from '../../shared/scans/apply.ts';
import { openEmbeddedStore } from '../../shared/scans/embedded.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { second } from '../support/arbitraries.ts';
import { ownStoreContract, scanNamed } from '../support/store-contract.ts';

let folder = '';
let files = 0;
const freshFile = (): string => {
  files += 1;
  return join(folder, `deep/${files}/scans.db`);
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scan-status-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const started = (name: string, uid = 'a'): Fact => ({
  scan: scanNamed(name),
  type: 'started',
  run: { uid, age: second(1), startedAt: second(1) },
});
const finished = (name: string, uid = 'a'): Fact => ({
  scan: scanNamed(name),
  type: 'finished',
  run: { uid, age: second(2), finish: completeFinish(second(2)) },
});

describe('the memory store', () => ownStoreContract({ open: async (maximum) => memoryStore({ maximum }) }));

describe('the embedded store in memory', () =>
  ownStoreContract({ open: async (maximum) => openEmbeddedStore({ path: ':memory:', maximum }) }));

describe('the embedded store in a file', () => {
  ownStoreContract({ open: async (maximum) => openEmbeddedStore({ path: freshFile(), maximum }) });

  it('is there again when it is opened again', async () => {
    const path = freshFile();
    const first = await openEmbeddedStore({ path, maximum: 10 });
    await applyFacts(first, [started('one')]);
    first.close();
    const again = await openEmbeddedStore({ path, maximum: 10 });
    expect((await again.read(scanNamed('one')))?.runs).toHaveLength(1);
    again.close();
  });

  it('lists more scans than it reads at once', async () => {
    const store = await openEmbeddedStore({ path: freshFile(), maximum: 2_000 });
    for (let at = 0; at < 1_001; at += 1) await applyFacts(store, [started(`scan-${at}`)]);
    let listed = 0;
    for await (const _ of store.list()) listed += 1;
    expect(listed).toBe(1_001);
    store.close();
  });

  it('is shared by several connections, whose writes all count', async () => {
    const path = freshFile();
    const stores = await Promise.all([1, 2, 3].map(() => openEmbeddedStore({ path, maximum: 10 })));
    await Promise.all(
      stores.flatMap((store, at) =>
        [started('one', `run-${at}`), finished('one', `run-${at}`)].map((fact) => applyFacts(store, [fact])),
      ),
    );
    const [first] = stores;
    expect(
      (await first?.read(scanNamed('one')))?.runs.filter(({ finish, startedAt }) => finish && startedAt),
    ).toHaveLength(3);
    for (const store of stores) store.close();
  });

  it('says that it cannot be used where the file is no database', async () => {
    const path = join(folder, 'text');
    writeFileSync(path, 'this is no database, but long enough to look like one: '.repeat(40));
    await expect(openEmbeddedStore({ path, maximum: 1 })).rejects.toThrow(Unavailable);
  });

  it("writes nothing into a database that is somebody else's", async () => {
    const path = join(folder, 'theirs.db');
    const theirs = new DatabaseSync(path);
    theirs.exec('CREATE TABLE scans (a, b)');
    for (const readOnly of [true, false]) {
      await expect(openEmbeddedStore({ path, maximum: 1, readOnly })).rejects.toThrow(
        `${path} is not a store of scans`,
      );
    }
    expect(theirs.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'scans' }]);
    theirs.close();
  });

  it('makes nothing of an empty file where it is only looked at', async () => {
    const path = join(folder, 'empty');
    writeFileSync(path, '');
    await expect(openEmbeddedStore({ path, maximum: 1, readOnly: true })).rejects.toThrow(Unavailable);
    expect(readFileSync(path)).toHaveLength(0);
  });

  it('lets others have their turn while it waits for a writer', async () => {
    const path = freshFile();
    const store = await openEmbeddedStore({ path, maximum: 10 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const writing = applyFacts(store, [started('one')]);
    // A reader is answered meanwhile, and the writer as soon as it can be.
    await expect(store.read(scanNamed('one'))).resolves.toMatchObject({ runs: [] });
    other.exec('COMMIT');
    other.close();
    await expect(writing).resolves.toMatchObject([{ outcome: 'applied' }]);
    store.close();
  });

  it('is unavailable, and loses nothing, while somebody holds the file', async () => {
    const path = freshFile();
    const store = await openEmbeddedStore({ path, maximum: 10, patience: 1 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(applyFacts(store, [started('one')])).rejects.toThrow(Unavailable);
    other.exec('ROLLBACK');
    other.close();
    await expect(applyFacts(store, [started('one')])).resolves.toMatchObject([{ outcome: 'applied' }]);
    store.close();
  });

  it('repairs conditions that no longer say what the runs do, when a known fact is seen again', async () => {
    const path = freshFile();
    const store = await openEmbeddedStore({ path, maximum: 10 });
    await applyFacts(store, [started('one')]);
    const before = await store.read(scanNamed('one'));
    const other = new DatabaseSync(path);
    other
      .prepare('UPDATE scans SET status = ?')
      .run(JSON.stringify({ ...before?.status, conditions: 'none', phase: 'Failed' }));
    other.close();
    await expect(applyFacts(store, [started('one')])).resolves.toMatchObject([{ outcome: 'duplicate' }]);
    expect((await store.read(scanNamed('one')))?.status).toEqual(before?.status);
    store.close();
  });

  it('repairs a status that somebody corrupted', async () => {
    const path = freshFile();
    const store = await openEmbeddedStore({ path, maximum: 10 });
    await applyFacts(store, [started('one')]);
    const other = new DatabaseSync(path);
    for (const status of ['{not json', '[]', '{"conditions":7,"runs":[{"uid":1}],"theirs":true}']) {
      other.prepare('UPDATE scans SET status = ?').run(status);
      await expect(applyFacts(store, [finished('one')])).resolves.toMatchObject([{ outcome: 'applied' }]);
      expect((await store.read(scanNamed('one')))?.status).toMatchObject({ phase: 'Completed', runs: [{ uid: 'a' }] });
    }
    other.close();
    store.close();
  });
});
