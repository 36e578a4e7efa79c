/** Writes times by a layout (time/format.go: appendFormat). */
import { LONG_DAYS, LONG_MONTHS, type LocalTime } from './time-calendar.ts';
import { isFraction, type LayoutPart, readLayout } from './time-layout.ts';

const two = (value: number): string => String(value).padStart(2, '0');

const onTwelve = ({ hour }: LocalTime): number => hour % 12 || 12;

/** `-07:00` and its like: always numbers; with `Z` in front, `Z` where the offset is none. */
const zoneNumbers = (element: string, offset: number): string => {
  if (offset === 0 && element.startsWith('Z')) return 'Z';
  const minutes = Math.trunc(offset / 60);
  const size = Math.abs(minutes);
  const parts = [two(Math.floor(size / 60)), two(size % 60), two(Math.abs(offset) % 60)];
  const count = element.replace(/\D/g, '').length / 2;
  return (minutes < 0 ? '-' : '+') + parts.slice(0, count).join(element.includes(':') ? ':' : '');
};

const fraction = (element: string, nanosecond: number): string => {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .slice(0, element.length - 1);
  const shown = element[1] === '9' ? digits.replace(/0+$/, '') : digits;
  return shown === '' ? '' : `${element[0]}${shown}`;
};

const WRITERS: ReadonlyMap<string, (time: LocalTime) => string> = new Map([
  ['2006', ({ year }) => String(year).padStart(4, '0')],
  ['06', ({ year }) => two(year % 100)],
  ['January', ({ month }) => LONG_MONTHS[month - 1] ?? ''],
  ['Jan', ({ month }) => (LONG_MONTHS[month - 1] ?? '').slice(0, 3)],
  ['1', ({ month }) => String(month)],
  ['01', ({ month }) => two(month)],
  ['Monday', ({ weekday }) => LONG_DAYS[weekday] ?? ''],
  ['Mon', ({ weekday }) => (LONG_DAYS[weekday] ?? '').slice(0, 3)],
  ['2', ({ day }) => String(day)],
  ['_2', ({ day }) => String(day).padStart(2)],
  ['02', ({ day }) => two(day)],
  ['__2', ({ yearDay }) => String(yearDay).padStart(3)],
  ['002', ({ yearDay }) => String(yearDay).padStart(3, '0')],
  ['15', ({ hour }) => two(hour)],
  ['3', (time) => String(onTwelve(time))],
  ['03', (time) => two(onTwelve(time))],
  ['4', ({ minute }) => String(minute)],
  ['04', ({ minute }) => two(minute)],
  ['5', ({ second }) => String(second)],
  ['05', ({ second }) => two(second)],
  ['PM', ({ hour }) => (hour >= 12 ? 'PM' : 'AM')],
  ['pm', ({ hour }) => (hour >= 12 ? 'pm' : 'am')],
  ['MST', ({ abbreviation }) => abbreviation()],
]);

const writePart = ({ before, element }: LayoutPart, time: LocalTime): string => {
  const write = WRITERS.get(element);
  if (write !== undefined) return before + write(time);
  return before + (isFraction(element) ? fraction(element, time.nanosecond) : zoneNumbers(element, time.offset));
};

export const formatTime = (time: LocalTime, layout: string): string => {
  const { parts, rest } = readLayout(layout);
  return parts.map((part) => writePart(part, time)).join('') + rest;
};
