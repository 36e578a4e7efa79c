/** Built-ins over numbers: ranges, and quantities with units. Computed exactly, as OPA does. */
import { type Family, integer, number, takes, text, Undefined, Unsupported, wholeNumber } from './operands.ts';

const MOST_NUMBERS = 1_000_000n;

const rangeStep = (from: number | bigint, to: number | bigint, by: number | bigint): readonly (number | bigint)[] => {
  const [first, last, step] = [BigInt(from), BigInt(to), BigInt(by)];
  if (step <= 0n) throw new Undefined('step must be a positive integer');
  const distance = last < first ? first - last : last - first;
  const count = distance / step + 1n;
  if (count > MOST_NUMBERS) throw new Unsupported(`it would give ${count} numbers, more than ${MOST_NUMBERS}`);
  const signed = last < first ? -step : step;
  return Array.from({ length: Number(count) }, (_, at) => wholeNumber(first + BigInt(at) * signed));
};

/** A number as it is written, exactly. */
interface Ratio {
  readonly above: bigint;
  readonly below: bigint;
}

interface Quantity {
  readonly amount: Ratio;
  readonly unit: string;
}

/** Go takes what might be a number, and leaves the rest as the unit: `1e3Ki`, and `1e` is one exa. */
const QUANTITY = /^((?:[\d.+-]|e[\d+-])*)(.*)$/is;
const AMOUNT = /^([+-]?)(?=\.?\d)(\d*)\.?(\d*)(?:e([+-]?\d{1,6}))?$/i;
const LONGEST = 1_000;
const HIGHEST_EXPONENT = 9_999;

const ratioOf = (written: string): Ratio => {
  const [, sign, whole = '', fraction = '', power = '0'] = AMOUNT.exec(written) ?? [];
  if (sign === undefined) throw new Undefined('could not parse amount to a number');
  const exponent = Number(power) - fraction.length;
  if (Math.abs(Number(power)) > HIGHEST_EXPONENT) throw new Unsupported(`its exponent is above ${HIGHEST_EXPONENT}`);
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`);
  return exponent >= 0
    ? { above: digits * 10n ** BigInt(exponent), below: 1n }
    : { above: digits, below: 10n ** BigInt(-exponent) };
};

const readQuantity = (written: string): Quantity => {
  const value = written.replaceAll('"', '');
  if (value.includes(' ')) throw new Undefined('spaces not allowed in resource strings');
  if (value.length > LONGEST) throw new Unsupported(`it has more than ${LONGEST} characters`);
  const [, amount = '', unit = ''] = QUANTITY.exec(value) ?? [];
  if (amount === '') throw new Undefined('no amount provided');
  return { amount: ratioOf(amount), unit };
};

const PREFIXES = ['k', 'm', 'g', 't', 'p', 'e'];

/** Prefix → factor: `k` a thousand, `ki` 1 024. */
const FACTORS: ReadonlyMap<string, bigint> = new Map(
  PREFIXES.flatMap((prefix, at) => [
    [prefix, 1000n ** BigInt(at + 1)],
    [`${prefix}i`, 1024n ** BigInt(at + 1)],
  ]),
);

/** Else the sign for Kelvin would be a `k`. */
const ASCII = /^[a-z]+$/i;

/** What Go has for 0.001: the nearest number of 53 bits. */
const MILLI: Ratio = { above: 1_152_921_504_606_847n, below: 2n ** 60n };

const factorOf = (unit: string): Ratio => {
  if (unit === '') return { above: 1n, below: 1n };
  if (unit === 'm') return MILLI;
  const factor = ASCII.test(unit) ? FACTORS.get(unit.toLowerCase()) : undefined;
  if (factor === undefined) throw new Undefined(`unit ${unit} not recognized`);
  return { above: factor, below: 1n };
};

const TEN_DIGITS = 10n ** 10n;

/** A number with as many digits after the point as OPA keeps: ten, the last rounded half away from zero. */
const toNumber = ({ above, below }: Ratio): number | bigint => {
  if (above % below === 0n) return wholeNumber(above / below);
  const size = above < 0n ? -above : above;
  const digits = ((size * TEN_DIGITS * 2n + below) / (below * 2n)).toString().padStart(11, '0');
  return Number(`${above < 0n ? '-' : ''}${digits.slice(0, -10)}.${digits.slice(-10)}`);
};

const parseUnits = (written: string): number | bigint => {
  const { amount, unit } = readQuantity(written);
  const factor = factorOf(unit);
  return toNumber({ above: amount.above * factor.above, below: amount.below * factor.below });
};

const bitLength = (value: bigint): number => value.toString(2).length;

/** Rounded to 64 bits, half to even, as Go's `big.Float` computes bytes. */
const rounded = ({ above, below }: Ratio): Ratio => {
  if (above === 0n) return { above, below: 1n };
  const size = above < 0n ? -above : above;
  let shift = BigInt(bitLength(size) - bitLength(below) - 64);
  const scaled = (by: bigint): Ratio => (by > 0n ? { above: size, below: below << by } : { above: size << -by, below });
  if (scaled(shift).above / scaled(shift).below >= 2n ** 64n) shift += 1n;
  const { above: dividend, below: divisor } = scaled(shift);
  const [quotient, rest] = [dividend / divisor, (dividend % divisor) * 2n];
  const up = rest > divisor || (rest === divisor && quotient % 2n === 1n);
  const mantissa = (quotient + (up ? 1n : 0n)) * (above < 0n ? -1n : 1n);
  return shift > 0n ? { above: mantissa << shift, below: 1n } : { above: mantissa, below: 1n << -shift };
};

const parseBytes = (written: string): number | bigint => {
  const { amount, unit } = readQuantity(written.toLowerCase());
  const factor = unit === '' ? 1n : FACTORS.get(unit.endsWith('b') ? unit.slice(0, -1) : unit);
  if (factor === undefined) throw new Undefined(`byte unit ${unit} not recognized`);
  const { above, below } = rounded(amount);
  const bytes = rounded({ above: above * factor, below });
  return wholeNumber(bytes.above / bytes.below);
};

const whole = (term: unknown): term is number | bigint => number(term) && integer(term);

export const NUMBERS: Family = [
  ['numbers.range_step', takes([whole, whole, whole], rangeStep)],
  ['units.parse', takes([text], parseUnits)],
  ['units.parse_bytes', takes([text], parseBytes)],
];
