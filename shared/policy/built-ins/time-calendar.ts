/** Instants as OPA counts them, nanoseconds since 1970, and as calendars and clocks show them. */
import { isInt64, Undefined } from './operands.ts';
import type { Zone } from './time-zones.ts';

export interface CivilTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
}

/** What a clock in some zone shows. */
export interface LocalTime extends CivilTime {
  /** From 0, Sunday. */
  readonly weekday: number;
  /** From 1. */
  readonly yearDay: number;
  /** Seconds east of UTC. */
  readonly offset: number;
  readonly abbreviation: () => string;
}

export const LONG_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
export const LONG_MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const BILLION = 1_000_000_000n;
const DAY = 86_400;

/** Unix seconds of a time in UTC. Days and months beyond the calendar's go on into the next. */
export const civilSeconds = ({ year, month, day, hour, minute, second }: CivilTime): number =>
  // `Date.UTC` would take the year 99 for 1999.
  new Date(0).setUTCFullYear(year, month - 1, day) / 1000 + hour * 3600 + minute * 60 + second;

/** Throws `Undefined` for an instant before 1677 or after 2262, which 64 bits cannot count. */
export const nanoseconds = (seconds: number, nanosecond: number): bigint => {
  const value = Number.isSafeInteger(seconds) ? BigInt(seconds) * BILLION + BigInt(nanosecond) : undefined;
  if (value === undefined || !isInt64(value)) throw new Undefined('time outside of valid range');
  return value;
};

const floorSeconds = (value: bigint): number => Number((value - (((value % BILLION) + BILLION) % BILLION)) / BILLION);

export const localTime = (value: bigint, zone: Zone): LocalTime => {
  const seconds = floorSeconds(value);
  const offset = zone.offsetAt(seconds);
  const shown = new Date((seconds + offset) * 1000);
  const year = shown.getUTCFullYear();
  return {
    year,
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    nanosecond: Number(value - BigInt(seconds) * BILLION),
    weekday: shown.getUTCDay(),
    yearDay: Math.floor((shown.getTime() - Date.UTC(year, 0, 1)) / (DAY * 1000)) + 1,
    offset,
    abbreviation: () => zone.abbreviationAt(seconds),
  };
};

/** The instant at which clocks in a zone show a time; where they show it twice or never, the one that Go takes. */
export const instantIn = (zone: Zone, time: CivilTime): bigint => {
  const shown = civilSeconds(time);
  if (!Number.isSafeInteger(shown)) throw new Undefined('time outside of valid range');
  nanoseconds(shown, 0);
  return nanoseconds(shown - zone.offsetAt(shown - zone.offsetAt(shown)), time.nanosecond);
};
