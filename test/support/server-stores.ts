/** Stores that cannot, each in its own way. */
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';

const refuse = async (): Promise<never> => {
  throw new Unavailable('the store is away', { retryAfter: 7 });
};

/** A store that answers nothing now. */
export const unavailableStore: ScanStore = {
  read: refuse,
  write: refuse,
  find: refuse,
  // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
  list: async function* () {
    await refuse();
  },
  ready: refuse,
  close: () => {},
};

/** A store that cannot read scans of this name, and all others. */
export const storeWithout = (name: string): ScanStore => {
  const store = memoryStore({ maximum: 1_000 });
  return { ...store, read: (scan) => (scan.name === name ? refuse() : store.read(scan)) };
};

/** A store that knows live scans, of which none is left. */
export const storeOfTheGone = (): ScanStore => ({ ...memoryStore({ maximum: 1_000 }), read: async () => undefined });

const mistake = async (): Promise<never> => {
  throw new TypeError('undefined is not a function');
};

/** A store that fails by our own mistake. */
export const brokenStore = (): ScanStore => ({
  ...memoryStore({ maximum: 1_000 }),
  read: mistake,
  ready: mistake,
});
