/** Stores that talk to a real API server. */
import type { ScanRef } from '../../../shared/conditions/facts.ts';
import { readScope } from '../../../shared/runtime/config.ts';
import { kubernetesStore } from '../../../shared/scans/kubernetes.ts';
import type { ScanName, ScanStore, StoredScan } from '../../../shared/scans/store.ts';
import { scanKey } from '../../../shared/scans/store.ts';
import type { Access } from './cluster.ts';
import { realConnections } from './real-connections.ts';
import { GROUP } from './scans.ts';

interface Settings {
  readonly group?: string;
  readonly namespaces?: readonly string[];
}

/** Call it where tests are described: what it gives opens a store, which is closed after its test. */
export const realStores = (): ((access: Pick<Access, 'url' | 'ca' | 'token'>, settings?: Settings) => ScanStore) => {
  const open = realConnections();
  return (access, { group = GROUP, namespaces } = {}) => {
    const scope = { ...readScope({}), group, ...(namespaces && { namespaces: new Set(namespaces) }) };
    return kubernetesStore(open(access), scope);
  };
};

/**
 * A store under the names of a test that makes up its own: here a namespace has to be one that nobody else uses, and the
 * server itself gives every scan its uid.
 *
 * @param real each made-up scan, and the scan that stands for it
 */
export const underNames = (store: ScanStore, real: ReadonlyMap<ScanRef, ScanRef>): ScanStore => {
  const pairs = [...real];
  const nameKey = ({ kind, namespace, name }: ScanName): string => `${kind}/${namespace}/${name}`;
  const toReal = new Map(pairs.map(([made, scan]) => [scanKey(made), scan]));
  const toMade = new Map(pairs.map(([made, scan]) => [scanKey(scan), made]));
  const byName = new Map(pairs.map(([made, scan]) => [nameKey(made), scan]));
  const made = (stored: StoredScan): StoredScan => ({
    ...stored,
    scan: toMade.get(scanKey(stored.scan)) ?? stored.scan,
  });
  const originals = new WeakMap<StoredScan, StoredScan>();
  return {
    ...store,
    read: async (scan) => {
      const found = await store.read(toReal.get(scanKey(scan)) ?? scan);
      if (found === undefined) return undefined;
      const renamed = made(found);
      originals.set(renamed, found);
      return renamed;
    },
    write: (read, next) => store.write(originals.get(read) ?? read, next),
    find: async (name) => (await store.find(byName.get(nameKey(name)) ?? name)).map(made),
    list: async function* () {
      for await (const stored of store.list()) yield made(stored);
    },
  };
};
