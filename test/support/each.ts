/** Work on many items, some of them at once. */

/** Runs `work` for each item, so many at once. */
export const each = async <T>(
  items: Iterable<T>,
  inFlight: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const waiting = Iterator.from(items);
  const worker = async (): Promise<void> => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
};
