/** Pacing: how fast a receiver may be asked, kept on our side, so that it need not refuse. */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { Unavailable } from '../../scans/unavailable.ts';

/** Time as a receiver feels it. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface Rate {
  /** Requests in a second, over time. */
  readonly perSecond: number;
  /** Requests that may be made at once after a rest. */
  readonly burst: number;
}

/** Seconds that anybody may make us wait, whatever is asked. */
export const LONGEST_WAIT = 900;
/** Milliseconds that a message waits for its turn; where it would be longer, its sender brings it again. */
const PATIENCE = 5_000;

export const MACHINE_CLOCK: Clock = { now: Date.now, sleep: (milliseconds) => sleepFor(milliseconds) };

/** It is not the receiver's turn yet: nobody asked it, and nothing failed. */
export class TooSoon extends Unavailable {}

export interface Pace {
  /** Settles when it is one's turn. Throws `TooSoon`, with the wait, where that is too far off. */
  readonly turn: () => Promise<void>;
  /** Nobody's turn is sooner than after so many seconds: the receiver said so. */
  readonly hold: (seconds: number) => void;
}

/**
 * A bucket of tokens, kept as one number: the instant at which it would be full again (the generic cell rate algorithm,
 * ITU-T I.371).
 *
 * @param subject who is paced, for errors
 */
export const openPace = (subject: string, { perSecond, burst }: Rate, { now, sleep }: Clock): Pace => {
  const interval = 1_000 / perSecond;
  const room = (burst - 1) * interval;
  const furthest = LONGEST_WAIT * 1_000 + room + interval;
  let fullAt = 0;
  return {
    turn: async () => {
      const instant = now();
      // A clock that was set back must not make us wait for the time that it lost.
      const full = fullAt - instant > furthest ? instant : Math.max(fullAt, instant);
      const wait = Math.max(0, full - room - instant);
      if (wait > PATIENCE)
        throw new TooSoon(`${subject} is told as fast as it allows`, { retryAfter: Math.ceil(wait / 1_000) });
      fullAt = full + interval;
      if (wait > 0) await sleep(wait);
    },
    hold: (seconds) => {
      fullAt = Math.max(fullAt, now() + Math.min(seconds, LONGEST_WAIT) * 1_000 + room);
    },
  };
};
