/** Built-ins for instants and durations, exact to the nanosecond. */
import type { Instant } from '../../conditions/instant.ts';
import { anything, array, type Family, int64, takes, text, Undefined, wholeNumber } from './operands.ts';
import { instantIn, LONG_DAYS, type LocalTime, localTime } from './time-calendar.ts';
import { parseDuration } from './time-duration.ts';
import { formatTime } from './time-format.ts';
import { parseTime } from './time-parse.ts';
import { type Zone, zoneNamed } from './time-zones.ts';

/** What a policy names an instant by: nanoseconds; or these, a time zone, and a layout to write it in. */
interface Moment {
  readonly at: bigint;
  readonly zone: Zone;
  readonly layout: string;
}

const textOr = (term: unknown, usual: string): string => {
  if (term === undefined) return usual;
  if (!text(term)) throw new Undefined('must be string');
  return term;
};

const momentOf = (operand: unknown): Moment => {
  const [at, zone, layout]: readonly unknown[] = array(operand) ? operand : [operand];
  if (!int64(at)) throw new Undefined('timestamp too big');
  return { at: BigInt(at), zone: zoneNamed(textOr(zone, '')), layout: textOr(layout, '') };
};

const shown = (operand: unknown): LocalTime => {
  const { at, zone } = momentOf(operand);
  return localTime(at, zone);
};

const date = (operand: unknown): readonly number[] => {
  const { year, month, day } = shown(operand);
  return [year, month, day];
};

const clock = (operand: unknown): readonly number[] => {
  const { hour, minute, second } = shown(operand);
  return [hour, minute, second];
};

const format = (operand: unknown): string => {
  const { at, zone, layout } = momentOf(operand);
  return formatTime(localTime(at, zone), layout || 'RFC3339Nano');
};

const addDate = (operand: unknown, ...added: readonly unknown[]): number | bigint => {
  const { at, zone } = momentOf(operand);
  const [years = 0, months = 0, days = 0] = added.map(Number);
  const { year, month, day, ...rest } = localTime(at, zone);
  return wholeNumber(instantIn(zone, { ...rest, year: year + years, month: month + months, day: day + days }));
};

/** What each field may borrow from the one before it. The fourth, the days of a month, depends on the month. */
const LENGTHS = [12, undefined, 24, 60, 60];

const fields = ({ year, month, day, hour, minute, second }: LocalTime): readonly number[] => [
  year,
  month,
  day,
  hour,
  minute,
  second,
];

/** Years, months, days, hours, minutes and seconds between two instants, by the calendar of the first one's zone. */
const diff = (a: unknown, b: unknown): readonly number[] => {
  const { zone, at } = momentOf(a);
  const other = momentOf(b).at;
  const [earlier, later] = at > other ? [other, at] : [at, other];
  const from = localTime(earlier, zone);
  const end = fields(localTime(later, zone));
  const between = fields(from).map((value, index) => (end[index] ?? 0) - value);
  for (let index = between.length - 1; index > 0; index -= 1) {
    const value = between[index] ?? 0;
    if (value >= 0) continue;
    between[index] = value + (LENGTHS[index - 1] ?? new Date(Date.UTC(from.year, from.month, 0)).getUTCDate());
    between[index - 1] = (between[index - 1] ?? 0) - 1;
  }
  return between;
};

export const TIME: Family = [
  ['time.parse_ns', takes([text, text], (layout, written) => wholeNumber(parseTime(layout, written)))],
  ['time.parse_rfc3339_ns', takes([text], (written) => wholeNumber(parseTime('RFC3339', written)))],
  ['time.parse_duration_ns', takes([text], (written) => wholeNumber(parseDuration(written)))],
  ['time.date', date],
  ['time.clock', clock],
  ['time.weekday', (operand) => LONG_DAYS[shown(operand).weekday]],
  ['time.format', format],
  ['time.add_date', takes([anything, int64, int64, int64], addDate)],
  ['time.diff', diff],
];

/** The policy's clock: it stands at the instant of the evaluation. */
export const nowAt = (evaluatedAt: Instant): Family => {
  const now = wholeNumber(BigInt(Date.parse(evaluatedAt)) * 1_000_000n);
  return [['time.now_ns', () => now]];
};
