/** Requests that hold several entries: as few as the bounds of the service allow, each entry in its place. */

/** What one request may hold. */
export interface BatchBounds {
  readonly entries: number;
  /** As the service counts an entry. */
  readonly bytes: number;
}

/**
 * The entries in batches, in their order. An entry that is larger than a batch may be stands alone: whoever has such a one
 * must not send it.
 */
export const inBatches = <T>(
  entries: readonly T[],
  sizeOf: (entry: T) => number,
  { entries: most, bytes }: BatchBounds,
): readonly (readonly T[])[] => {
  const batches: T[][] = [];
  let batch: T[] = [];
  let total = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    if (batch.length > 0 && (batch.length === most || total + size > bytes)) {
      batches.push(batch);
      batch = [];
      total = 0;
    }
    batch.push(entry);
    total += size;
  }
  return batch.length > 0 ? [...batches, batch] : batches;
};
