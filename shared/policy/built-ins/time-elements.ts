/** Reads each element of a layout, such as `Jan` or `-07:00`, from a text (time/format.go: parse). */
import { Undefined } from './operands.ts';
import { LONG_DAYS, LONG_MONTHS } from './time-calendar.ts';
import { isFraction, type LayoutPart } from './time-layout.ts';

/** What was read so far, and what is left. */
export interface Reading {
  left: string;
  year: number;
  month?: number;
  day?: number;
  yearDay?: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  isAfternoon?: boolean;
  /** Seconds east of UTC. */
  offset: number;
}

export const bad = (): never => {
  throw new Undefined('the time is not written as its layout');
};

/** Takes what a pattern, which begins with `^`, finds at the start of what is left. */
const take = (reading: Reading, pattern: RegExp): RegExpExecArray => {
  const found = pattern.exec(reading.left) ?? bad();
  reading.left = reading.left.slice(found[0].length);
  return found;
};

export const within = (value: number, least: number, most: number): number =>
  value < least || value > most ? bad() : value;

const ONE_OR_TWO = /^\d\d?/;
const TWO = /^\d\d/;
const SHORT = 3;
const LONGEST_NAME = 'September'.length;

const takeNumber = (reading: Reading, pattern: RegExp): number => Number(take(reading, pattern)[0]);

/** Which of some names is next, in whatever case; its number from 0. */
const takeName = (reading: Reading, names: readonly string[]): number => {
  const left = reading.left.slice(0, LONGEST_NAME).toLowerCase();
  const at = names.findIndex((name) => left.startsWith(name.toLowerCase()));
  if (at === -1) return bad();
  reading.left = reading.left.slice(names[at]?.length);
  return at;
};

const shortened = (names: readonly string[]): readonly string[] => names.map((name) => name.slice(0, SHORT));

const ANY_FRACTION = /^[.,]\d+/;

/** Digits after a point or comma as nanoseconds, what is finer being dropped; as many as there are, or so many. */
const takeFraction = (reading: Reading, count?: number): void => {
  const [found = ''] = ANY_FRACTION.exec(reading.left) ?? [];
  const length = 1 + (count ?? found.length - 1);
  if (length < 2 || found.length < length) bad();
  reading.left = reading.left.slice(length);
  reading.nanosecond = Number(found.slice(1, Math.min(length, 10)).padEnd(9, '0'));
};

/** Seconds may have a fraction of which the layout knows nothing. */
const takeSecond = (reading: Reading, pattern: RegExp, next: LayoutPart | undefined): void => {
  reading.second = within(takeNumber(reading, pattern), 0, 59);
  if (!isFraction(next?.element) && ANY_FRACTION.test(reading.left)) takeFraction(reading);
};

const OFFSETS: ReadonlyMap<string, RegExp> = new Map([
  ['07', /^([+-])(\d\d)/],
  ['0700', /^([+-])(\d\d)(\d\d)/],
  ['07:00', /^([+-])(\d\d):(\d\d)/],
  ['070000', /^([+-])(\d\d)(\d\d)(\d\d)/],
  ['07:00:00', /^([+-])(\d\d):(\d\d):(\d\d)/],
]);

const takeOffset = (reading: Reading, element: string): void => {
  if (element.startsWith('Z') && reading.left.startsWith('Z')) {
    reading.left = reading.left.slice(1);
    return;
  }
  const [, sign, hours, minutes = '0', seconds = '0'] = take(reading, OFFSETS.get(element.slice(1)) ?? /^(?!)/);
  // Go takes offsets of 24 hours and of 60 minutes: some people write them.
  const size =
    within(Number(hours), 0, 24) * 3600 + within(Number(minutes), 0, 60) * 60 + within(Number(seconds), 0, 60);
  reading.offset = sign === '-' ? -size : size;
};

/** What may be a zone's name (time/format.go: parseTimeZone): `CET`, `CEST`, `GMT+3`, `+03`. */
const ZONE_NAME =
  /^(?=.{3})(?:ChST|MeST|(?:GMT)?[+-]0*(?:1?\d|2[0-3])(?!\d)|GMT|(?![A-Z]{6})(?:[A-Z]{4}T|[A-Z]{3}T(?![A-Z])|WITA(?![A-Z])|[A-Z]{3}(?![A-Z])))/s;

const takeYear = (reading: Reading): void => {
  const year = takeNumber(reading, /^(?:\d\d|[+-]\d)/);
  reading.year = year + (year >= 69 ? 1900 : 2000);
};

type Reader = (reading: Reading, next: LayoutPart | undefined) => void;

const month =
  (names: readonly string[]): Reader =>
  (reading) => {
    reading.month = takeName(reading, names) + 1;
  };

type Field = 'year' | 'month' | 'day' | 'yearDay' | 'hour' | 'minute';

/** Digits, or digits after spaces, as the value of a field. */
const field =
  (name: Field, pattern: RegExp, [least, most]: readonly [number, number] = [0, 9_999]): Reader =>
  (reading) => {
    reading[name] = within(takeNumber(reading, pattern), least, most);
  };

const MONTHS = [1, 12] as const;
const HOURS = [0, 23] as const;
const HALF_HOURS = [0, 12] as const;
const MINUTES = [0, 59] as const;

const half =
  (morning: string, afternoon: string): Reader =>
  (reading) => {
    const [found] = take(reading, /^../);
    if (found !== morning && found !== afternoon) bad();
    reading.isAfternoon = found === afternoon;
  };

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['2006', field('year', /^\d{4}/)],
  ['06', takeYear],
  ['January', month(LONG_MONTHS)],
  ['Jan', month(shortened(LONG_MONTHS))],
  ['1', field('month', ONE_OR_TWO, MONTHS)],
  ['01', field('month', TWO, MONTHS)],
  ['Monday', (reading) => void takeName(reading, LONG_DAYS)],
  ['Mon', (reading) => void takeName(reading, shortened(LONG_DAYS))],
  ['2', field('day', ONE_OR_TWO)],
  ['_2', field('day', /^ ?\d\d?/)],
  ['02', field('day', TWO)],
  ['__2', field('yearDay', /^ {0,2}\d{1,3}/)],
  ['002', field('yearDay', /^\d{3}/)],
  ['15', field('hour', ONE_OR_TWO, HOURS)],
  ['3', field('hour', ONE_OR_TWO, HALF_HOURS)],
  ['03', field('hour', TWO, HALF_HOURS)],
  ['4', field('minute', ONE_OR_TWO, MINUTES)],
  ['04', field('minute', TWO, MINUTES)],
  ['5', (reading, next) => takeSecond(reading, ONE_OR_TWO, next)],
  ['05', (reading, next) => takeSecond(reading, TWO, next)],
  ['PM', half('AM', 'PM')],
  ['pm', half('am', 'pm')],
  ['MST', (reading) => void take(reading, ZONE_NAME)],
]);

const takeWantedFraction = (reading: Reading, element: string): void => {
  // Nines ask for as many digits as there are, also none.
  if (element[1] === '0') takeFraction(reading, element.length - 1);
  else if (ANY_FRACTION.test(reading.left)) takeFraction(reading);
};

/** Takes what one element of the layout stands for; `next` is the one after it. Throws `Undefined`. */
export const readElement = (reading: Reading, element: string, next: LayoutPart | undefined): void => {
  const read = READERS.get(element);
  if (read !== undefined) read(reading, next);
  else if (isFraction(element)) takeWantedFraction(reading, element);
  else takeOffset(reading, element);
};
