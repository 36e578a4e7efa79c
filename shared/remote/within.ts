/** Work that has to be done in time, however many steps it takes. */
import { Unavailable } from '../scans/unavailable.ts';

/**
 * Does the work within so many milliseconds. Throws `Unavailable` with the text `late` otherwise.
 *
 * The signal is given when the time is over, and when the work has ended: what it left open is to be closed.
 */
export const within = async <T>(
  milliseconds: number,
  late: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const over = new AbortController();
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Unavailable(late)), milliseconds);
  try {
    // Not the signal but the race ends the wait: not everything that the work waits for can be told to stop.
    return await Promise.race([work(over.signal), tooLate]);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
};
