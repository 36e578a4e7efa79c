/** The stores: one contract for all, and what is true of the embedded one alone. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { completeFinish, type Fact } from '../../shared/conditions/facts.ts';
import { applyFacts } from '../../shared/scans/apply.ts';
import { embeddedStore } from '../../shared/scans/embedded.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { second } from '../support/arbitraries.ts';
import { scanNamed, storeContract } from '../support/store-contract.ts';

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

describe('the memory store', () => storeContract({ open: async (maximum) => memoryStore({ maximum }) }));

describe('the embedded store in memory', () =>
  storeContract({ open: async (maximum) => embeddedStore({ path: ':memory:', maximum }) }));

describe('the embedded store in a file', () => {
  storeContract({ open: async (maximum) => embeddedStore({ path: freshFile(), maximum }) });

  it('is there again when it is opened again', async () => {
    const path = freshFile();
    const first = embeddedStore({ path, maximum: 10 });
    await applyFacts(first, [started('one')]);
    first.close();
    const again = embeddedStore({ path, maximum: 10 });
    expect((await again.read(scanNamed('one')))?.runs).toHaveLength(1);
    again.close();
  });

  it('lists more scans than it reads at once', async () => {
    const store = embeddedStore({ path: freshFile(), maximum: 2_000 });
    for (let at = 0; at < 1_001; at += 1) await applyFacts(store, [started(`scan-${at}`)]);
    let listed = 0;
    for await (const _ of store.list()) listed += 1;
    expect(listed).toBe(1_001);
    store.close();
  });

  it('is shared by several connections, whose writes all count', async () => {
    const path = freshFile();
    const stores = [1, 2, 3].map(() => embeddedStore({ path, maximum: 10 }));
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

  it('says that it cannot be used where the file is no database', () => {
    const path = join(folder, 'text');
    writeFileSync(path, 'this is no database, but long enough to look like one: '.repeat(40));
    expect(() => embeddedStore({ path, maximum: 1 })).toThrow(Unavailable);
  });

  it('is unavailable, and loses nothing, while somebody holds the file', async () => {
    const path = freshFile();
    const store = embeddedStore({ path, maximum: 10, patience: 1 });
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
    const store = embeddedStore({ path, maximum: 10 });
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
    const store = embeddedStore({ path, maximum: 10 });
    await applyFacts(store, [started('one')]);
    const other = new DatabaseSync(path);
    for (const status of ['[]', '{"conditions":7,"runs":[{"uid":1}],"theirs":true}']) {
      other.prepare('UPDATE scans SET status = ?').run(status);
      await expect(applyFacts(store, [finished('one')])).resolves.toMatchObject([{ outcome: 'applied' }]);
      expect((await store.read(scanNamed('one')))?.status).toMatchObject({ phase: 'Completed', runs: [{ uid: 'a' }] });
    }
    other.close();
    store.close();
  });
});
