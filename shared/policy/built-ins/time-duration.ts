/** Durations: Go's `1h30m` (time/format.go: ParseDuration), and OPA's days, weeks and years. */
import { formatFloat } from './go-float.ts';
import { Undefined } from './operands.ts';

/** Unit → nanoseconds. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** Unit → hours. */
const LONG_UNITS: ReadonlyMap<string, number> = new Map([
  ['d', 24],
  ['w', 7 * 24],
  ['y', 365 * 24],
]);

const LIMIT = 2n ** 63n;
const LONGEST = 1_000;

const bad = (): never => {
  throw new Undefined('invalid duration');
};

const SEGMENT = /([\d.]+)(ms|us|µs|ns|[a-z])/gy;

/** Everything in hours that Go does not know. */
const rewritten = (written: string): string => {
  if (!/[dwy]/.test(written)) return written;
  const [, sign = '', rest = ''] = /^([-+]?)(.*)$/s.exec(written) ?? [];
  let end = 0;
  let result = sign;
  for (const { 0: segment, 1: digits = '', 2: unit = '', index } of rest.matchAll(SEGMENT)) {
    const hours = LONG_UNITS.get(unit);
    if (hours !== undefined && !/^(?:\d+\.?\d*|\.\d+)$/.test(digits)) bad();
    result += hours === undefined ? segment : `${formatFloat(Number(digits) * hours, 'f', -1)}h`;
    end = index + segment.length;
  }
  return end === rest.length ? result : bad();
};

/** As many digits after the point as 63 bits hold; more would change nothing. */
const fractionOf = (digits: string, unit: bigint): bigint => {
  let [value, scale] = [0n, 1];
  for (const digit of digits) {
    const longer = value * 10n + BigInt(digit);
    if (value > (LIMIT - 1n) / 10n || longer > LIMIT) break;
    value = longer;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
};

const PART = /(\d*)(?:\.(\d*))?([^\d.]+)/gy;

/** Nanoseconds. Throws `Undefined`. */
export const parseDuration = (written: string): bigint => {
  if (written.length > LONGEST) bad();
  const [, sign = '', rest = ''] = /^([-+]?)(.*)$/s.exec(rewritten(written)) ?? [];
  if (rest === '0') return 0n;
  let [total, end] = [0n, 0];
  for (const { 0: part, 1: whole = '', 2: fraction = '', 3: name = '', index } of rest.matchAll(PART)) {
    const unit = UNITS.get(name) ?? bad();
    const value = whole + fraction === '' ? bad() : BigInt(whole) * unit + fractionOf(fraction, unit);
    total += value;
    end = index + part.length;
  }
  if (end === 0 || end !== rest.length || total > LIMIT) bad();
  if (sign === '-') return -total;
  return total === LIMIT ? bad() : total;
};
