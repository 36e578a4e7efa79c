/** The process's own clock, to be moved on by a test. */
import { afterEach, jest } from '@jest/globals';

const real = performance.now.bind(performance);

/** Call it where tests are described: what it gives moves `performance.now` on by milliseconds, until the test ends. */
export const movableClock = (): ((milliseconds: number) => void) => {
  let ahead = 0;
  afterEach(() => {
    ahead = 0;
    jest.restoreAllMocks();
  });
  return (milliseconds) => {
    ahead += milliseconds;
    jest.spyOn(performance, 'now').mockImplementation(() => real() + ahead);
  };
};

/** Timers of ours and of the HTTP client, which a test lets run out. */
export const stopTimers = (): void => {
  const left = [
    'nextTick',
    'setImmediate',
    'clearImmediate',
    'queueMicrotask',
    'performance',
    'hrtime',
    'Date',
  ] as const;
  jest.useFakeTimers({ doNotFake: [...left] });
};
