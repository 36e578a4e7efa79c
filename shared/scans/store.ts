/** The port to wherever scans are kept: the embedded store, memory, or a Kubernetes API server. */
import type { ScanRef } from '../conditions/facts.ts';
import type { Runs } from '../conditions/runs.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { LiveSpec } from './spec.ts';

/** A scan as it was read. */
export interface StoredScan {
  readonly scan: ScanRef;
  /** Names this state of the scan, as in the Kubernetes API; empty for a scan that nobody has written yet. */
  readonly resourceVersion: string;
  readonly status: JsonObject;
  /** The runs that the status keeps. */
  readonly runs: Runs;
  readonly spec: LiveSpec;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The runs to be written, and the status that they project to, made when it is asked for. */
export interface NextStatus {
  readonly runs: Runs;
  readonly status: () => JsonObject;
}

/** A scan as people call it, whichever life of it. */
export type ScanName = Omit<ScanRef, 'uid'>;

export interface ScanStore {
  /** The scan of this very `uid`; `undefined` where it is gone or was recreated. Throws `Unavailable`. */
  read(scan: ScanRef): Promise<StoredScan | undefined>;
  /**
   * Writes a status if the scan is still as it was read, and answers once the write is safe.
   *
   * Throws `Conflict` where somebody else was faster, `Unavailable` where the store cannot write now.
   */
  write(read: StoredScan, next: NextStatus): Promise<void>;
  /** The scans of this name: a store of its own keeps those that were deleted, too. */
  find(name: ScanName): Promise<readonly StoredScan[]>;
  /** All scans, sorted by namespace, kind, name and uid. */
  list(): AsyncIterable<StoredScan>;
  /** Answers where the store can be used, throws `Unavailable` with what is wrong where it cannot. */
  ready(): Promise<void>;
  close(): void;
}

const SORTED_BY = ['namespace', 'kind', 'name', 'uid'] as const;

/** The order of lists. */
export const scanOrder = (a: ScanRef, b: ScanRef): number => {
  for (const field of SORTED_BY) if (a[field] !== b[field]) return a[field] < b[field] ? -1 : 1;
  return 0;
};

/** A scan's identity as one text. */
export const scanKey = ({ namespace, kind, name, uid }: ScanRef): string => `${namespace}/${kind}/${name}/${uid}`;

/** A store of its own knows no spec: whether a scan names a policy shows when a verdict comes. */
export const NO_SPEC: LiveSpec = { namesPolicy: false };

/** A scan that a store of its own has not heard of yet. */
export const newScan = (scan: ScanRef): StoredScan => ({
  scan,
  resourceVersion: '',
  status: {},
  runs: [],
  spec: NO_SPEC,
});
