/** Numbers of YAML as go.yaml.in/yaml/v3 reads them (resolve.go): some of YAML 1.1, some of 1.2. */
import { formatFloat } from './go-float.ts';
import { isInt64 } from './operands.ts';

/** A `0` alone before the digits means octal, as it did in YAML 1.1. */
const NOTATIONS = [
  [/^0[xX]([\da-fA-F]+)$/, '0x'],
  [/^0[oO]?([0-7]+)$/, '0o'],
  [/^0[bB]([01]+)$/, '0b'],
  [/^(0|[1-9]\d*)$/, ''],
] as const;

const LONGEST = 100;
const FRACTION = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const INFINITY = /^([-+]?)\.(?:inf|Inf|INF)$/;
const NOT_A_NUMBER = /^\.(?:nan|NaN|NAN)$/;
/** What begins with something else is no number, whatever follows. */
const NUMERIC = /^[-+\d]/;
const STRAY_UNDERSCORE = /(?<!\d)_|_(?!\d)/;

const sizeOf = (digits: string): bigint | undefined => {
  if (digits.length > LONGEST) return undefined;
  for (const [notation, prefix] of NOTATIONS) {
    const [, found] = notation.exec(digits) ?? [];
    if (found !== undefined) return BigInt(prefix + found);
  }
  return undefined;
};

/** A whole number that Go's `int64` or `uint64` holds. */
export const wholeOf = (source: string): bigint | undefined => {
  if (!NUMERIC.test(source)) return undefined;
  const [, sign, digits = ''] = /^([+-]?)(.*)$/s.exec(source.replaceAll('_', '')) ?? [];
  const size = sizeOf(digits);
  if (size === undefined) return undefined;
  const value = sign === '-' ? -size : size;
  return isInt64(value) || (sign === '' && size < 2n ** 64n) ? value : undefined;
};

/** Any other number, also those that JSON does not have. */
export const fractionOf = (source: string): number | undefined => {
  if (NOT_A_NUMBER.test(source)) return Number.NaN;
  const [, sign] = INFINITY.exec(source) ?? [];
  if (sign !== undefined) return Number(`${sign}Infinity`);
  const isRead = NUMERIC.test(source) || (source.startsWith('.') && !STRAY_UNDERSCORE.test(source));
  const plain = source.replaceAll('_', '');
  const value = isRead && FRACTION.test(plain) ? Number(plain) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
};

/** A number as Go's JSON has it: in full below 10^21. JSON has no others. */
export const jsonNumber = (value: number): number | bigint | undefined => {
  if (!Number.isFinite(value)) return undefined;
  const isLarge = Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21;
  return isLarge ? BigInt(String(value)) : value;
};

const SINGLE_DIGITS = 9;

/** A number as a key: as few digits as tell it from other numbers of 32 bits. */
export const keyOf = (value: number): string => {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(Math.fround(value))) return value < 0 ? '-.inf' : '.inf';
  for (let digits = 1; digits < SINGLE_DIGITS; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return formatFloat(short, 'g', -1);
  }
  return formatFloat(Number(value.toPrecision(SINGLE_DIGITS)), 'g', -1);
};
