/**
 * A clock that stands still while anything is on its way, and then moves on to who sleeps the shortest: so what is sent a
 * second apart arrives a second apart.
 */
import type { TestClock } from './receivers/receiver-server.ts';

export interface SteppedClock {
  readonly clock: TestClock;
  /**
   * Waits for work, and lets time pass where nothing else happens; `undefined` where it is not done after so many rounds.
   *
   * @param busy how many are at work, sleepers among them
   */
  readonly settle: <T>(work: Promise<T>, busy: () => number, rounds?: number) => Promise<T | undefined>;
  /** Nobody who sleeps now wakes again. */
  readonly forget: () => void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

const nextRound = () => new Promise<void>((resolve) => setImmediate(resolve));

export const openSteppedClock = (start = '2026-03-01T12:00:00Z'): SteppedClock => {
  let now = Date.parse(start);
  let sleepers: Sleeper[] = [];
  const clock: TestClock = {
    now: () => now,
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        const sleeper = { at: now + Math.ceil(milliseconds), wake: () => resolve() };
        sleepers = [...sleepers, sleeper].toSorted((a, b) => a.at - b.at);
      }),
    move: (milliseconds) => {
      now += milliseconds;
    },
    slept: [],
  };
  const wakeNext = () => {
    const [next] = sleepers.splice(0, 1);
    now = Math.max(now, next?.at ?? 0);
    next?.wake();
  };
  const pass = async (isDone: () => boolean, busy: () => number, rounds: number) => {
    for (let round = 0, still = 0; !isDone() && round < rounds; round += 1) {
      await nextRound();
      still = sleepers.length > 0 && sleepers.length === busy() ? still + 1 : 0;
      if (still > 1) wakeNext();
    }
  };
  return {
    clock,
    settle: async (work, busy, rounds = Number.POSITIVE_INFINITY) => {
      let isDone = false;
      const done = work.finally(() => {
        isDone = true;
      });
      // It is waited for below, or never.
      done.catch(() => undefined);
      await pass(() => isDone, busy, rounds);
      return isDone ? done : undefined;
    },
    forget: () => {
      sleepers = [];
    },
  };
};
