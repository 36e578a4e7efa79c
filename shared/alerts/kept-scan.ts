/**
 * What is kept of a scan by its name. Recreated, it is another scan: what the one before it was reason for is over, and what
 * is still told of that one changes nothing.
 */
import { createHash } from 'node:crypto';
import type { ScanRef } from '../conditions/facts.ts';
import { type Joining, joinChange, type ScanRecord } from './scan-record.ts';
import type { RecordKey } from './state.ts';

export interface KeptScan {
  /** Of the scan that has the name now, as far as its runs tell. */
  readonly uid: string;
  readonly record: ScanRecord;
  /** Greater with each change, also where the record was lost meanwhile: not less than its instant. */
  readonly revision: number;
  /** Uids of scans that had the name before, whose alerts may be open. */
  readonly past: readonly string[];
}

const MOST_PAST = 5;

export const scanRecordKey = (cluster: string, { kind, namespace, name }: ScanRef): RecordKey =>
  `scan-${createHash('sha256')
    .update(JSON.stringify([cluster, kind, namespace, name]))
    .digest('hex')}`;

/** Whether the scan of the change came after the one that is known: a scan has no runs before the one before it has ended. */
const isLater = ({ run }: Joining, { record: [newest] }: KeptScan): boolean =>
  newest === undefined || run.age > newest.age || (run.age === newest.age && run.uid > newest.uid);

/** What is kept after one more event; the very `known` where that tells nothing new. @param now milliseconds since 1970 */
export const joinScan = (known: KeptScan | undefined, change: Joining, now: number): KeptScan => {
  const { uid } = change.scan;
  if (known === undefined) return { uid, record: joinChange([], change), revision: now, past: [] };
  const revision = Math.max(now, known.revision + 1);
  if (known.uid === uid) {
    const record = joinChange(known.record, change);
    return JSON.stringify(record) === JSON.stringify(known.record) ? known : { ...known, record, revision };
  }
  if (!isLater(change, known)) return known;
  const past = [known.uid, ...known.past.filter((one) => one !== uid)].slice(0, MOST_PAST);
  return { uid, record: joinChange([], change), revision, past };
};

/** Uids of scans whose alerts are over, the one of a change that came late among them. */
export const goneUids = ({ uid, past }: KeptScan, scan: ScanRef): readonly string[] =>
  scan.uid === uid ? past : [...new Set([...past, scan.uid])];
