/**
 * Scans in a Kubernetes API server: read by name, written as a merge patch of `/status`.
 *
 * A patch carries the resource version it was made for, so whoever writes meanwhile is never overwritten: the server
 * refuses it, and the facts are joined again into what stands there now.
 */
import type { JsonObject } from '../conditions/status.ts';
import { Gone } from './api-answers.ts';
import { droppedPaths, withoutDropped } from './dropped.ts';
import type { Connection } from './kubernetes-connection.ts';
import { type KubernetesScope, type ScanObjects, scanObjects } from './kubernetes-objects.ts';
import { checkReadiness } from './kubernetes-readiness.ts';
import { mergePatch } from './merge-patch.ts';
import { type ScanCache, scanCache } from './scan-cache.ts';
import type { ScanStore, StoredScan } from './store.ts';
import { Conflict, Unavailable } from './unavailable.ts';

/** What was read from the server itself: only that may be believed where it contradicts an event. */
type Fresh = WeakSet<StoredScan>;

const reader =
  (scans: ScanObjects, cache: ScanCache, fresh: Fresh): ScanStore['read'] =>
  async (scan) => {
    const cached = cache.get(scan);
    if (cached !== undefined) return cached;
    const found = await scans.get(scan);
    if (found?.scan.uid !== scan.uid) return undefined;
    fresh.add(found);
    cache.set(found);
    return found;
  };

/** What a write that found no scan means: it went, unless it was there a moment ago. */
const goneError = (isFresh: boolean, { scan }: StoredScan, cause: Gone): Error =>
  isFresh
    ? new Unavailable(`${scan.kind} has no subresource status; install infra/crds`, { cause })
    : new Conflict({ cause });

/** Whether the server would drop all that `to` changes in `from`. */
const isDropped = (from: JsonObject, to: JsonObject, leftOut: ReadonlySet<string>): boolean =>
  leftOut.size > 0 && mergePatch(withoutDropped(from, leftOut), withoutDropped(to, leftOut)) === undefined;

const writer = (scans: ScanObjects, cache: ScanCache, fresh: Fresh): ScanStore['write'] => {
  /** What the server drops from a status, by kind. */
  const dropped = new Map<string, ReadonlySet<string>>();
  return async (read, next) => {
    const { kind } = read.scan;
    const leftOut = dropped.get(kind) ?? new Set();
    const status = next.status();
    const patch = mergePatch(read.status, status);
    // What would be dropped is no reason to write; it is sent nevertheless, because the CRD may be ours by now.
    if (patch === undefined || isDropped(read.status, status, leftOut)) return;
    // Whatever becomes of the write, what was known before it may be true no more.
    cache.delete(read.scan);
    try {
      const written = await scans.patchStatus(read, patch);
      dropped.set(kind, new Set(droppedPaths(status, written.status)));
      cache.set(written);
    } catch (error) {
      throw error instanceof Gone ? goneError(fresh.has(read), read, error) : error;
    }
  };
};

/** The scans of an API server, kept for a minute where they were read or written. */
export const kubernetesStore = ({ objects, close }: Connection, scope: KubernetesScope): ScanStore => {
  const scans = scanObjects(objects, scope);
  const cache = scanCache();
  const fresh: Fresh = new WeakSet();
  return {
    read: reader(scans, cache, fresh),
    write: writer(scans, cache, fresh),
    find: async (name) => {
      const found = await scans.get(name);
      return found === undefined ? [] : [found];
    },
    list: scans.list,
    ready: checkReadiness(objects, scope),
    close,
  };
};
