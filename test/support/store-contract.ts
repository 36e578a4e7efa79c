/** What any store of scans must do; every implementation runs it. */
import { expect, it } from '@jest/globals';
import type { Run, ScanRef } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, type Runs } from '../../shared/conditions/runs.ts';
import type { ScanStore, StoredScan } from '../../shared/scans/store.ts';
import { Conflict, Unavailable } from '../../shared/scans/unavailable.ts';
import { second } from './arbitraries.ts';

/** A scan of a name; its uid is made of it. */
export const scanNamed = (name: string, more: Partial<ScanRef> = {}): ScanRef => ({
  kind: 'ImageScan',
  namespace: 'team',
  name,
  uid: `uid-of-${name}`,
  ...more,
});

const run = (uid: string, at: number): Run => ({ uid, age: second(at), startedAt: second(at) });

const next = (read: StoredScan, runs: Runs) => ({ runs, status: () => project(read.status, runs, read.spec) });

/** Writes one more run into the scan as it was read. */
const writeRun = (store: ScanStore, read: StoredScan, uid: string, at: number): Promise<void> =>
  store.write(read, next(read, addRun(read.runs, run(uid, at))));

const readScan = async (store: ScanStore, scan: ScanRef): Promise<StoredScan> => {
  const read = await store.read(scan);
  if (read === undefined) throw new Error('the scan is gone');
  return read;
};

const listed = async (store: ScanStore): Promise<readonly StoredScan[]> => {
  const all: StoredScan[] = [];
  for await (const scan of store.list()) all.push(scan);
  return all;
};

export interface StoreUnderTest {
  /** A store that is empty and takes at most this many scans. */
  readonly open: (maximum: number) => Promise<ScanStore>;
}

/** Declares the tests of the contract. */
export const storeContract = ({ open }: StoreUnderTest): void => {
  it('gives back what was written, under another resource version', async () => {
    const store = await open(10);
    const scan = scanNamed('one');
    const before = await readScan(store, scan);
    expect(before).toMatchObject({ status: {}, runs: [] });
    await writeRun(store, before, 'a', 1);
    const after = await readScan(store, scan);
    expect(after.scan).toEqual(scan);
    expect(after.runs).toEqual([run('a', 1)]);
    expect(after.status).toMatchObject({ phase: 'Scanning', runs: [{ uid: 'a' }] });
    expect(after.resourceVersion).not.toBe(before.resourceVersion);
    store.close();
  });

  it('refuses a write over what has changed since it was read, and keeps the first', async () => {
    const store = await open(10);
    const [first, second_] = [await readScan(store, scanNamed('one')), await readScan(store, scanNamed('one'))];
    await writeRun(store, first, 'a', 1);
    await expect(writeRun(store, second_, 'b', 2)).rejects.toThrow(Conflict);
    const again = await readScan(store, scanNamed('one'));
    await writeRun(store, again, 'c', 3);
    await expect(writeRun(store, again, 'd', 4)).rejects.toThrow(Conflict);
    expect((await readScan(store, scanNamed('one'))).runs.map(({ uid }) => uid)).toEqual(['c', 'a']);
    store.close();
  });

  it('keeps scans apart by kind, namespace, name and uid', async () => {
    const store = await open(10);
    const scans = [
      scanNamed('one'),
      scanNamed('one', { uid: 'recreated' }),
      scanNamed('one', { kind: 'SourceScan' }),
      scanNamed('one', { namespace: 'other' }),
      scanNamed('two', { uid: 'uid-of-one' }),
    ];
    for (const [at, scan] of scans.entries()) await writeRun(store, await readScan(store, scan), `run-${at}`, at);
    for (const [at, scan] of scans.entries())
      expect((await readScan(store, scan)).runs).toEqual([run(`run-${at}`, at)]);
    store.close();
  });

  it('lists scans by namespace, kind, name and uid, and finds those of a name', async () => {
    const store = await open(2_000);
    const scans = ['b', 'a'].flatMap((namespace) =>
      ['SourceScan', 'ImageScan'].flatMap((kind) =>
        ['y', 'x'].flatMap((name) => ['2', '1'].map((uid) => scanNamed(name, { namespace, kind, uid }))),
      ),
    );
    for (const scan of scans) await writeRun(store, await readScan(store, scan), 'a', 1);
    const keys = (await listed(store)).map(({ scan }) => [scan.namespace, scan.kind, scan.name, scan.uid].join('/'));
    expect(keys).toEqual(scans.map((scan) => [scan.namespace, scan.kind, scan.name, scan.uid].join('/')).sort());
    const found = await store.find({ kind: 'ImageScan', namespace: 'a', name: 'x' });
    expect(found.map(({ scan }) => scan.uid)).toEqual(['1', '2']);
    expect(await store.find({ kind: 'ImageScan', namespace: 'a', name: 'z' })).toEqual([]);
    store.close();
  });

  it('takes no new scan when it is full, and still writes those it has', async () => {
    const store = await open(1);
    await writeRun(store, await readScan(store, scanNamed('one')), 'a', 1);
    await expect(writeRun(store, await readScan(store, scanNamed('two')), 'a', 1)).rejects.toThrow(Unavailable);
    await writeRun(store, await readScan(store, scanNamed('one')), 'b', 2);
    expect((await listed(store)).map(({ scan, runs }) => [scan.name, runs.length])).toEqual([['one', 2]]);
    store.close();
  });

  it('is ready', async () => {
    const store = await open(1);
    await expect(store.ready()).resolves.toBeUndefined();
    store.close();
  });
};
