/** A store that lives as long as the process: for dry runs and tests. */
import type { ScanRef } from '../conditions/facts.ts';
import { project } from '../conditions/project.ts';
import type { Runs } from '../conditions/runs.ts';
import { NO_SPEC, type ScanStore, type StoredScan, scanOrder } from './store.ts';
import { Conflict, Unavailable } from './unavailable.ts';

/** A scan as it is held: its runs. Nobody else writes here, so they say all that its status does. */
interface Held {
  readonly scan: ScanRef;
  version: number;
  runs: Runs;
}

/** A held scan as it was at one version. */
class ReadScan implements StoredScan {
  readonly spec = NO_SPEC;
  readonly held: Held;
  readonly version: number;
  readonly runs: Runs;

  constructor(held: Held) {
    this.held = held;
    this.version = held.version;
    this.runs = held.runs;
  }

  get scan() {
    return this.held.scan;
  }

  get resourceVersion() {
    return this.version === 0 ? '' : String(this.version);
  }

  get status() {
    return this.version === 0 ? {} : project({}, this.runs, NO_SPEC);
  }
}

/**
 * A fresh, empty store of at most `maximum` scans. It takes only what it has read itself.
 *
 * Scans are found by their `uid`, which is short and nearly always enough: only made-up ones are shared.
 */
export const memoryStore = ({ maximum }: { readonly maximum: number }): ScanStore => {
  const scans = new Map<string, Held[]>();
  let count = 0;
  let version = 0;
  const find = (scan: ScanRef): Held | undefined =>
    scans.get(scan.uid)?.find((held) => scanOrder(held.scan, scan) === 0);
  const insert = (held: Held): void => {
    if (find(held.scan) !== undefined) throw new Conflict();
    if (count >= maximum) throw new Unavailable(`the store is full: ${maximum} scans (SCAN_STORE_MAX)`);
    count += 1;
    scans.set(held.scan.uid, [...(scans.get(held.scan.uid) ?? []), held]);
  };
  const sorted = (): readonly ReadScan[] =>
    [...scans.values()]
      .flat()
      .sort((a, b) => scanOrder(a.scan, b.scan))
      .map((held) => new ReadScan(held));
  return {
    read: async (scan) => new ReadScan(find(scan) ?? { scan, version: 0, runs: [] }),
    write: async (read, { runs }) => {
      const { held, version: readVersion } = read as ReadScan;
      if (held.version !== readVersion) throw new Conflict();
      if (readVersion === 0) insert(held);
      version += 1;
      held.version = version;
      held.runs = runs;
    },
    find: async ({ kind, namespace, name }) =>
      sorted().filter(({ scan }) => scan.kind === kind && scan.namespace === namespace && scan.name === name),
    list: async function* () {
      yield* sorted();
    },
    ready: async () => {},
    close: () => scans.clear(),
  };
};
