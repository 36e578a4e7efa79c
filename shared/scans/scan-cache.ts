/**
 * Scans as they stood a moment ago: bets that save a read, because a write over one that has changed is refused.
 *
 * They are kept as text, which takes a fraction of the memory, and for a minute at most.
 */
import { LRUCache } from 'lru-cache';
import type { ScanRef } from '../conditions/facts.ts';
import type { ScanSpec } from '../conditions/project.ts';
import { type JsonObject, runsOf } from '../conditions/status.ts';
import { type StoredScan, scanKey } from './store.ts';

const KEPT_FOR = 60_000;
/** Characters of all that is kept, nearly all of them a byte. */
const KEPT_CHARACTERS = 32 * 1_048_576;
/** What an entry costs beside its text. */
const ENTRY_CHARACTERS = 400;

interface Kept {
  readonly status: JsonObject;
  readonly spec: ScanSpec;
  readonly labels?: Readonly<Record<string, string>>;
}

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
    maxSize: KEPT_CHARACTERS,
    sizeCalculation: ({ text }) => text.length + ENTRY_CHARACTERS,
  });
  return {
    get: (scan) => {
      const entry = entries.get(scanKey(scan));
      if (entry === undefined) return undefined;
      const kept: Kept = JSON.parse(entry.text);
      return { scan, resourceVersion: entry.resourceVersion, ...kept, runs: runsOf(kept.status) };
    },
    set: ({ scan, resourceVersion, status, spec, labels }) => {
      const kept: Kept = { status, spec, ...(labels && { labels }) };
      entries.set(scanKey(scan), { resourceVersion, text: JSON.stringify(kept) });
    },
    delete: (scan) => void entries.delete(scanKey(scan)),
  };
};
