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
  readonly spec: ScanSpec;
  readonly labels?: Readonly<Record<string, string>>;
} & ({ readonly status: JsonObject } | { readonly runs: Runs; readonly others: JsonObject });

/** What is left of a status when all that is ours is taken out; nothing in most. */
const othersOf = (status: JsonObject, spec: ScanSpec): JsonObject => {
  const { runs: _, conditions, ...others } = project(status, [], spec);
  return Array.isArray(conditions) && conditions.length > 0 ? { ...others, conditions } : others;
};

const keptOf = ({ status, runs, spec, labels }: StoredScan): Kept => {
  const others = othersOf(status, spec);
  const isProjected = isDeepStrictEqual(project(others, runs, spec), status);
  return { spec, ...(labels && { labels }), ...(isProjected ? { runs, others } : { status }) };
};

/** The scan as it was kept. */
const storedScan = (scan: ScanRef, { resourceVersion, text }: Entry): StoredScan => {
  const { spec, labels, ...kept }: Kept = JSON.parse(text);
  const known = { scan, resourceVersion, spec, ...(labels && { labels }) };
  return 'status' in kept
    ? { ...known, status: kept.status, runs: runsOf(kept.status) }
    : { ...known, status: project(kept.others, kept.runs, spec), runs: kept.runs };
};

interface Entry {
  readonly resourceVersion: string;
  readonly text: string;
}

export interface ScanCache {
  /** The scan of this very uid. */
  readonly get: (scan: ScanRef) => StoredScan | undefined;
  readonly set: (stored: StoredScan) => void;
  readonly delete: (scan: ScanRef) => void;
}

export const scanCache = (): ScanCache => {
  const entries = new LRUCache<string, Entry>({
    ttl: KEPT_FOR,
    ttlResolution: 0,
    maxSize: KEPT_CHARACTERS,
    sizeCalculation: ({ text }) => text.length + ENTRY_CHARACTERS,
  });
  let cleared = performance.now();
  const clear = (): void => {
    if (performance.now() - cleared < CLEARED_AFTER) return;
    cleared = performance.now();
    entries.purgeStale();
  };
  return {
    get: (scan) => {
      const entry = entries.get(scanKey(scan));
      return entry && storedScan(scan, entry);
    },
    set: (stored) => {
      clear();
      const { scan, resourceVersion } = stored;
      entries.set(scanKey(scan), { resourceVersion, text: JSON.stringify(keptOf(stored)) });
    },
    delete: (scan) => void entries.delete(scanKey(scan)),
  };
};
