/**
 * What is fetched from somebody else, kept for a while, and fetched anew when it seems to have changed: but not more often
 * than is good for them, whoever asks for it.
 */
import { Unavailable } from '../scans/unavailable.ts';

/** Milliseconds after which it is fetched again. */
const FRESH_FOR = 600_000;
/** Milliseconds for which it may be used while it cannot be fetched again. */
const USABLE_FOR = 3_600_000;
/** Milliseconds in which nothing is fetched: after it was, and after it could not be. */
const REST = 30_000;
const REST_AFTER_FAILURE = 5_000;

export interface Kept<T> {
  /** As it was a while ago. Rejects with `Unavailable`. */
  readonly current: () => Promise<T>;
  /** Newer than this one, if there is a newer one; else the same. Rejects with `Unavailable` where that cannot be told. */
  readonly newerThan: (old: T) => Promise<T>;
}

/** @param fetch rejects with `Unavailable` */
export const keptFrom = <T>(fetch: () => Promise<T>, now: () => number): Kept<T> => {
  let last: { readonly value: T; readonly at: number } | undefined;
  let failure: Unavailable | undefined;
  let pending: Promise<void> | undefined;
  let restUntil = -Infinity;

  const fetchOnce = async (): Promise<void> => {
    try {
      last = { value: await fetch(), at: now() };
      failure = undefined;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      failure = error;
    } finally {
      pending = undefined;
      restUntil = now() + (failure === undefined ? REST : REST_AFTER_FAILURE);
    }
  };
  /** However many ask at once, it is fetched once. */
  const fetchAgain = async (): Promise<void> => {
    if (pending === undefined && now() < restUntil) return;
    pending ??= fetchOnce();
    await pending;
  };
  const isYoungerThan = (age: number): boolean => last !== undefined && now() - last.at < age;
  const kept = (): T => {
    if (last !== undefined && isYoungerThan(USABLE_FOR)) return last.value;
    throw failure ?? new Unavailable('nothing is known yet');
  };

  return {
    current: async () => {
      if (!isYoungerThan(FRESH_FOR)) await fetchAgain();
      return kept();
    },
    newerThan: async (old) => {
      if (last?.value === old) await fetchAgain();
      if (last?.value === old && failure !== undefined) throw failure;
      return kept();
    },
  };
};
