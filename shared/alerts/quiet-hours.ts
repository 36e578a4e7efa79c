/** Hours in which people shall not be told: when they end, as the clocks on their walls go. */
import type { AlertSeverity } from './alert.ts';
import { instantOf, shownAt } from './wall-clock.ts';

export interface QuietHours {
  /** Minutes after midnight, at most 1 440. Where `to` is not the greater, it is of the next day. */
  readonly from: number;
  readonly to: number;
  /** IANA. */
  readonly timeZone: string;
  /** Days of the week on which they begin, 0 is Sunday; absent, all. */
  readonly days?: readonly number[];
  /** What is told nevertheless. */
  readonly except: readonly AlertSeverity[];
}

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Whole days that touch are one; more than a week of them would never end. */
const MOST_TOUCHING = 8;

/** The end of the night in which an instant is; of nights that begin on a day, the next or the one before. */
const endOfNight = ({ from, to, timeZone, days }: QuietHours, instant: number): number | undefined => {
  const today = Math.floor(shownAt(timeZone, instant) / DAY) * DAY;
  const length = (to > from ? to : to + DAY / MINUTE) - from;
  // Tomorrow's as well: clocks that are set back past midnight show yesterday again.
  for (const day of [today - DAY, today, today + DAY]) {
    if (days !== undefined && !days.includes(new Date(day).getUTCDay())) continue;
    const begin = day + from * MINUTE;
    const end = instantOf(timeZone, begin + length * MINUTE);
    if (instant < end && instant >= instantOf(timeZone, begin)) return end;
  }
  return undefined;
};

/**
 * When what is not told now may be told, in milliseconds since 1970; `undefined`, now.
 *
 * @param now milliseconds since 1970
 */
export const quietUntil = (quiet: QuietHours, severity: AlertSeverity, now: number): number | undefined => {
  if (quiet.except.includes(severity)) return undefined;
  let until: number | undefined;
  for (let touching = 0; touching < MOST_TOUCHING; touching += 1) {
    const end = endOfNight(quiet, until ?? now);
    if (end === undefined) break;
    until = end;
  }
  return until;
};
