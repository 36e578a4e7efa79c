/** A store whose scans are of a CRD that is not ours: it drops from each status what that CRD does not know. */
import { isDeepStrictEqual } from 'node:util';
import type { ScanSpec } from '../../shared/conditions/project.ts';
import { type JsonObject, runsOf } from '../../shared/conditions/status.ts';
import { withoutDropped } from '../../shared/scans/dropped.ts';
import { NO_SPEC, type ScanStore, scanKey } from '../../shared/scans/store.ts';
import { Conflict } from '../../shared/scans/unavailable.ts';

interface Settings {
  /** Paths, as `droppedPaths` writes them. */
  readonly drops: readonly string[];
  readonly spec?: ScanSpec;
}

export interface ForeignStore extends ScanStore {
  /** How often a status was really changed. */
  readonly writes: () => number;
}

export const foreignStore = ({ drops, spec = NO_SPEC }: Settings): ForeignStore => {
  const statuses = new Map<string, { readonly version: number; readonly status: JsonObject }>();
  const dropped = new Set(drops);
  let writes = 0;
  const none = { version: 0, status: {} };
  const unused = (): never => {
    throw new Error('this store is only read and written by name');
  };
  return {
    writes: () => writes,
    read: async (scan) => {
      const { version, status } = statuses.get(scanKey(scan)) ?? none;
      return { scan, resourceVersion: String(version), status, runs: runsOf(status), spec };
    },
    write: async ({ scan, resourceVersion }, next) => {
      const { version, status } = statuses.get(scanKey(scan)) ?? none;
      if (resourceVersion !== String(version)) throw new Conflict();
      const kept = withoutDropped(JSON.parse(JSON.stringify(next.status())), dropped);
      if (isDeepStrictEqual(kept, status)) return;
      writes += 1;
      statuses.set(scanKey(scan), { version: version + 1, status: kept });
    },
    find: unused,
    list: unused,
    ready: async () => {},
    close: () => {},
  };
};
