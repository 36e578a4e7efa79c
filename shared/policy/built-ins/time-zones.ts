/**
 * Time zones by their IANA names, as Node knows them: with its own edition of their data.
 *
 * Node keeps no abbreviations, only those that people of some country use; where none of ours does, a zone is named as
 * IANA names those without a name. And it takes a name of an alias in any case, which Go does not.
 */
import { Undefined } from './operands.ts';
import { remembered } from './remembered.ts';

export interface Zone {
  /** Seconds east of UTC at a Unix time in seconds. */
  readonly offsetAt: (seconds: number) => number;
  /** `CEST`, or `+0530` where nobody has a name for it. */
  readonly abbreviationAt: (seconds: number) => string;
}

const UTC: Zone = { offsetAt: () => 0, abbreviationAt: () => 'UTC' };

/** `Local` is the machine's own in OPA. A verdict must not depend on the machine. */
const UTC_NAMES = new Set(['', 'UTC', 'Local']);

const NAME = /^[A-Za-z][\w+/-]{0,63}$/;
const COUNTRIES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-NZ', 'en-ZA'];
const ABBREVIATION = /^[A-Z]{3,5}$/;

const FIELDS = {
  calendar: 'gregory',
  numberingSystem: 'latn',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const;

const namedIn = (country: string, timeZone: string, seconds: number): string =>
  new Intl.DateTimeFormat(country, { timeZone, timeZoneName: 'short' })
    .formatToParts(seconds * 1000)
    .find(({ type }) => type === 'timeZoneName')?.value ?? '';

/** How IANA names what has no name: by its hours, and minutes if there are any. */
const numbered = (offset: number): string => {
  const minutes = Math.trunc(Math.abs(offset) / 60);
  const parts = [Math.trunc(minutes / 60), ...(minutes % 60 === 0 ? [] : [minutes % 60])];
  return (offset < 0 ? '-' : '+') + parts.map((part) => String(part).padStart(2, '0')).join('');
};

const load = (timeZone: string): Zone => {
  const formatter = new Intl.DateTimeFormat('en-US', { ...FIELDS, timeZone });
  const known = formatter.resolvedOptions().timeZone;
  if (known !== timeZone && known.toLowerCase() === timeZone.toLowerCase()) throw new Undefined('unknown time zone');
  const offsetAt = (seconds: number): number => {
    const parts = formatter.formatToParts(seconds * 1000);
    const field = (wanted: string): number => Number(parts.find(({ type }) => type === wanted)?.value);
    const [year, month, day] = [field('year'), field('month'), field('day')];
    return Date.UTC(year, month - 1, day, field('hour'), field('minute'), field('second')) / 1000 - seconds;
  };
  const abbreviationAt = (seconds: number): string =>
    COUNTRIES.map((country) => namedIn(country, timeZone, seconds)).find((name) => ABBREVIATION.test(name)) ??
    numbered(offsetAt(seconds));
  return { offsetAt, abbreviationAt };
};

const loaded = remembered((name) => {
  if (!NAME.test(name)) throw new Undefined('unknown time zone');
  try {
    return load(name);
  } catch (error) {
    if (error instanceof RangeError) throw new Undefined('unknown time zone');
    throw error;
  }
});

/** Throws `Undefined` where there is no such zone. */
export const zoneNamed = (name: string): Zone => (UTC_NAMES.has(name) ? UTC : loaded(name));
