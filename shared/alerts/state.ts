/**
 * The port to what `alert` remembers: small records, each written only by who read its newest version.
 *
 * The events are what must not be lost, and their source keeps them; what is lost here is at worst told twice, or its end
 * not told.
 */

/** `scan-` or `alert-` and 64 hex digits. */
export type RecordKey = string;

export interface KeptRecord {
  /** JSON, at most 256 KiB. */
  readonly value: string;
  /** Changes with every write; opaque. */
  readonly version: string;
}

export interface RecordWrite {
  readonly key: RecordKey;
  readonly value: string;
  /** The version that was read; absent, there was no record. */
  readonly expected?: string;
  /** Milliseconds since 1970: when somebody has to look at it again without being told to; absent, never. */
  readonly dueAt?: number;
  /** Milliseconds since 1970: after it the record may be forgotten. */
  readonly keepUntil: number;
}

/** Rejects with `Unavailable` wherever it cannot be reached or refuses us. */
export interface AlertState {
  readonly get: (key: RecordKey) => Promise<KeptRecord | undefined>;
  /** Writes, and gives the new version; `undefined` where somebody else wrote since `expected` was read. */
  readonly put: (write: RecordWrite) => Promise<string | undefined>;
  /** Keys of records that are due at `now`, the earliest first, at most `most`. Forgets some of what may be forgotten. */
  readonly due: (now: number, most: number) => Promise<readonly RecordKey[]>;
  readonly close: () => void;
}
