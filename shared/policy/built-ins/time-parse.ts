/** Reads times by a layout (time/format.go: parse). A zone's name says nothing about the instant there, and here. */
import { type CivilTime, civilSeconds, nanoseconds } from './time-calendar.ts';
import { bad, type Reading, readElement, within } from './time-elements.ts';
import { readLayout } from './time-layout.ts';

/** One run of spaces is as good as another. */
const skip = (reading: Reading, expected: string): void => {
  for (let at = 0; at < expected.length; at += 1) {
    if (expected[at] !== ' ') {
      if (!reading.left.startsWith(expected.charAt(at))) bad();
      reading.left = reading.left.slice(1);
      continue;
    }
    if (reading.left !== '' && !reading.left.startsWith(' ')) bad();
    while (expected[at + 1] === ' ') at += 1;
    reading.left = reading.left.replace(/^ +/, '');
  }
};

const daysBefore = (year: number, beforeMonth: number): number =>
  (civilSeconds({ ...START, year, month: beforeMonth }) - civilSeconds({ ...START, year })) / 86_400;

const START: CivilTime = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 0 };

/** Month and day as they were read, or as the day of the year says; all that was read must agree. */
const dateOf = ({ year, month: read, day: readDay, yearDay: days }: Reading): { month: number; day: number } => {
  if (days === undefined) {
    const found = { month: read ?? 1, day: readDay ?? 1 };
    within(found.day, 1, daysBefore(year, found.month + 1) - daysBefore(year, found.month));
    return found;
  }
  within(days, 1, daysBefore(year, 13));
  const found = new Date(civilSeconds({ ...START, year, day: days }) * 1000);
  const date = { month: found.getUTCMonth() + 1, day: found.getUTCDate() };
  if ((read ?? date.month) !== date.month || (readDay ?? date.day) !== date.day) bad();
  return date;
};

const hourOf = ({ hour: read, isAfternoon }: Reading): number => {
  if (isAfternoon === undefined) return read;
  if (isAfternoon) return read < 12 ? read + 12 : read;
  return read === 12 ? 0 : read;
};

/** Nanoseconds since 1970 of a text in a layout, or in the layout that has this name. Throws `Undefined`. */
export const parseTime = (layout: string, written: string): bigint => {
  const reading: Reading = { left: written, year: 0, hour: 0, minute: 0, second: 0, nanosecond: 0, offset: 0 };
  const { parts, rest } = readLayout(layout);
  for (const [at, { before, element }] of parts.entries()) {
    skip(reading, before);
    readElement(reading, element, parts[at + 1]);
  }
  skip(reading, rest);
  if (reading.left !== '') bad();
  const { year, minute: minutes, second, nanosecond, offset } = reading;
  const seconds = civilSeconds({
    year,
    ...dateOf(reading),
    hour: hourOf(reading),
    minute: minutes,
    second,
    nanosecond,
  });
  return nanoseconds(seconds - offset, nanosecond);
};
