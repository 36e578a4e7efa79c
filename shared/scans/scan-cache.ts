/**
 * Scans as they stood a moment ago: bets that save a read, because a write over one that has changed is refused.
 *
 * They are kept as text, which takes a fraction of the memory, and for a minute at most.
 */
import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { ScanRef } from '../conditions/facts.ts';
import { project, type ScanSpec } from '../conditions/project.ts';
import type { Runs } from '../conditions/runs.ts';
import { type JsonObject, runsOf } from '../conditions/status.ts';
import { type StoredScan, scanKey } from './store.ts';

const KEPT_FOR = 60_000;
/** Milliseconds after which what is too old is thrown away, though nobody asked for it. */
const CLEARED_AFTER = 10_000;
/** Characters of all that is kept, nearly all of them a byte. */
const KEPT_CHARACTERS = 32 * 1_048_576;
/** What an entry costs beside its text. */
const ENTRY_CHARACTERS = 400;

/** Where a status is just what its runs project to, the runs say it all but what belongs to others. */
type Kept = {
  readonly resourceVersion: string;
  readonly spec: ScanSpec;
  readonly labels?: Readonly<Record<string, string>>;
} & ({ readonly status: JsonObject } | { readonly runs: Runs; readonly others?: JsonObject });

/** What is left of a status when all that is ours is taken out; nothing in most. */
const othersOf = (status: JsonObject, spec: ScanSpec): JsonObject | undefined => {
  const { runs: _, conditions, ...fields } = project(status, [], spec);
  const others = Array.isArray(conditions) && conditions.length > 0 ? { ...fields, conditions } : fields;
  return Object.keys(others).length === 0 ? undefined : others;
};

const keptOf = ({ resourceVersion, status, runs, spec, labels }: StoredScan): Kept => {
  const others = othersOf(status, spec);
  const isProjected = isDeepStrictEqual(project(others ?? {}, runs, spec), status);
  const kept = isProjected ? { runs, ...(others && { others }) } : { status };
  return { resourceVersion, spec, ...(labels && { labels }), ...kept };
};

/** The scan as it was kept. */
const storedScan = (scan: ScanRef, text: string): StoredScan => {
  const { resourceVersion, spec, labels, ...kept }: Kept = JSON.parse(text);
  const known = { scan, resourceVersion, spec, ...(labels && { labels }) };
  return 'status' in kept
    ? { ...known, status: kept.status, runs: runsOf(kept.status) }
    : { ...known, status: project(kept.others ?? {}, kept.runs, spec), runs: kept.runs };
};

export interface ScanCache {
  /** The scan of this very uid. */
  readonly get: (scan: ScanRef) => StoredScan | undefined;
  readonly set: (stored: StoredScan) => void;
  readonly delete: (scan: ScanRef) => void;
}

export const scanCache = (): ScanCache => {
  const entries = new LRUCache<string, string>({
    ttl: KEPT_FOR,
    ttlResolution: 0,
    maxSize: KEPT_CHARACTERS,
    sizeCalculation: (text) => text.length + ENTRY_CHARACTERS,
  });
  let cleared = performance.now();
  const clear = (): void => {
    if (performance.now() - cleared < CLEARED_AFTER) return;
    cleared = performance.now();
    entries.purgeStale();
  };
  return {
    get: (scan) => {
      const text = entries.get(scanKey(scan));
      return text === undefined ? undefined : storedScan(scan, text);
    },
    set: (stored) => {
      clear();
      entries.set(scanKey(stored.scan), JSON.stringify(keptOf(stored)));
    },
    delete: (scan) => void entries.delete(scanKey(scan)),
  };
};
