/**
 * Instants as facts keep them: UTC, whole seconds, `2026-11-23T05:51:52Z`.
 *
 * Written this way, the order of the texts is the order of the instants, so facts compare them as strings.
 */

declare const instant: unique symbol;

/** An RFC 3339 instant in UTC, whole seconds, with the suffix `Z`. */
export type Instant = string & { readonly [instant]: true };

/** RFC 3339 §5.6, date-time. A leap second (`:60`) is refused: no clock of a cluster tells one. */
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const WHOLE_SECONDS = 'YYYY-MM-DDTHH:MM:SS'.length;
const OFFSET = '+HH:MM'.length;
const ZERO = 0x30;

/** The number that two digits write. Read by hand, because every event tells several instants. */
const twoDigits = (text: string, at: number): number =>
  (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;

const daysIn = (year: number, month: number): number => {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (MONTH_DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
};

const dateExists = (text: string): boolean => {
  const day = twoDigits(text, 'YYYY-MM-'.length);
  return day >= 1 && day <= daysIn(Number(text.slice(0, 4)), twoDigits(text, 'YYYY-'.length));
};

const timeExists = (text: string, at: number): boolean => twoDigits(text, at) < 24 && twoDigits(text, at + 3) < 60;

/** Reads an RFC 3339 date-time and cuts it to whole seconds UTC; `undefined` where the text is none. */
export const parseInstant = (text: string): Instant | undefined => {
  if (!DATE_TIME.test(text) || !dateExists(text)) return undefined;
  if (!timeExists(text, 'YYYY-MM-DDT'.length) || twoDigits(text, 'YYYY-MM-DDTHH:MM:'.length) > 59) return undefined;
  if (text.endsWith('Z')) return `${text.slice(0, WHOLE_SECONDS)}Z`.toUpperCase() as Instant;
  if (!text.endsWith('z') && !timeExists(text, text.length - OFFSET + 1)) return undefined;
  return instantAt(Date.parse(text.toUpperCase()));
};

/** The instant of a Unix time in milliseconds; `undefined` where its year has no four digits. */
export const instantAt = (milliseconds: number): Instant | undefined => {
  const text = new Date(milliseconds).toISOString();
  return /^\d{4}-/.test(text) ? (`${text.slice(0, WHOLE_SECONDS)}Z` as Instant) : undefined;
};
