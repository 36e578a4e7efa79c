/** What any store of scans must do; every implementation runs it. */
import { expect, it } from '@jest/globals';
import type { Run, ScanRef } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, type Runs } from '../../shared/conditions/runs.ts';
import { type ScanStore, type StoredScan, scanOrder } from '../../shared/scans/store.ts';
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

interface StoreUnderTest {
  /** A store in which these scans can be written, and no other has been. */
  readonly open: (scans: readonly ScanRef[]) => Promise<ScanStore>;
}

/** Declares the tests of the contract. */
export const storeContract = ({ open }: StoreUnderTest): void => {
  it('gives back what was written, under another resource version', async () => {
    const scan = scanNamed('one');
    const store = await open([scan]);
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
    const store = await open([scanNamed('one')]);
    const [first, second_] = [await readScan(store, scanNamed('one')), await readScan(store, scanNamed('one'))];
    await writeRun(store, first, 'a', 1);
    await expect(writeRun(store, second_, 'b', 2)).rejects.toThrow(Conflict);
    const again = await readScan(store, scanNamed('one'));
    await writeRun(store, again, 'c', 3);
    await expect(writeRun(store, again, 'd', 4)).rejects.toThrow(Conflict);
    expect((await readScan(store, scanNamed('one'))).runs.map(({ uid }) => uid)).toEqual(['c', 'a']);
    store.close();
  });

  it('keeps scans apart by kind, namespace and name', async () => {
    const scans = [
      scanNamed('one'),
      scanNamed('one', { kind: 'SourceScan' }),
      scanNamed('one', { namespace: 'other' }),
      scanNamed('two', { uid: 'uid-of-one' }),
    ];
    await keepsApart(await open(scans), scans);
  });

  it('lists scans by namespace, kind and name, and finds those of a name', async () => {
    // Keys as etcd has them would put `a-b` before `a`.
    const scans = ['b', 'a-b', 'a'].flatMap((namespace) =>
      ['SourceScan', 'ImageScan'].flatMap((kind) =>
        ['y', 'x-1', 'x'].map((name) => scanNamed(name, { namespace, kind })),
      ),
    );
    const store = await open(scans);
    for (const scan of scans) await writeRun(store, await readScan(store, scan), 'a', 1);
    expect((await listed(store)).map(({ scan }) => scan)).toEqual(scans.toSorted(scanOrder));
    const found = await store.find({ kind: 'ImageScan', namespace: 'a', name: 'x' });
    expect(found).toMatchObject([{ scan: { uid: 'uid-of-x' }, runs: [run('a', 1)] }]);
    expect(await store.find({ kind: 'ImageScan', namespace: 'a', name: 'z' })).toEqual([]);
    store.close();
  });

  it('is ready', async () => {
    const store = await open([]);
    await expect(store.ready()).resolves.toBeUndefined();
    store.close();
  });
};

const keepsApart = async (store: ScanStore, scans: readonly ScanRef[]): Promise<void> => {
  for (const [at, scan] of scans.entries()) await writeRun(store, await readScan(store, scan), `run-${at}`, at);
  for (const [at, scan] of scans.entries()) expect((await readScan(store, scan)).runs).toEqual([run(`run-${at}`, at)]);
  store.close();
};

interface OwnStoreUnderTest {
  /** A store that is empty and takes at most this many scans. */
  readonly open: (maximum: number) => Promise<ScanStore>;
}

/** Declares the tests of the contract, and those of a store that makes its scans itself and keeps those that are gone. */
export const ownStoreContract = ({ open }: OwnStoreUnderTest): void => {
  storeContract({ open: () => open(2_000) });

  it('keeps scans of one name apart by uid, lists them by it, and finds them all', async () => {
    const scans = ['3', '1', '2'].map((uid) => scanNamed('one', { uid }));
    const store = await open(10);
    for (const scan of scans) await writeRun(store, await readScan(store, scan), `run-of-${scan.uid}`, 1);
    const uids = (all: readonly StoredScan[]) => all.map(({ scan, runs }) => [scan.uid, runs[0]?.uid]);
    const sorted = ['1', '2', '3'].map((uid) => [uid, `run-of-${uid}`]);
    expect(uids(await listed(store))).toEqual(sorted);
    expect(uids(await store.find(scanNamed('one')))).toEqual(sorted);
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
};
