/**
 * Floating-point numbers as Go's `strconv.FormatFloat` writes them.
 *
 * JavaScript's own `toFixed` and its like round halves up and end at 100 digits; Go rounds halves to even and never ends.
 */

/** The value is 0.DIGITS times ten to the power of `point`; no zeros before or after, so 0 has no digits. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

const MANTISSA_BITS = 52;
const BIAS = 1023;

/** The value is `mantissa` times two to the power of `exponent`. */
const binary = (value: number): { readonly mantissa: bigint; readonly exponent: number } => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> BigInt(MANTISSA_BITS));
  const fraction = BigInt.asUintN(MANTISSA_BITS, bits);
  const mantissa = exponent === 0 ? fraction : fraction | (1n << BigInt(MANTISSA_BITS));
  return { mantissa, exponent: Math.max(exponent, 1) - BIAS - MANTISSA_BITS };
};

const trimmed = (digits: string, point: number): Decimal => {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return { digits: digits.slice(0, end), point: end === 0 ? 0 : point };
};

/** Every digit that the number has. */
const exact = (value: number): Decimal => {
  const { mantissa, exponent } = binary(value);
  if (mantissa === 0n) return trimmed('', 0);
  const scaled = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const digits = scaled.toString();
  return trimmed(digits, digits.length + Math.min(exponent, 0));
};

/** As few digits as tell the number from every other. */
const shortest = (value: number): Decimal => {
  const [mantissa = '', exponent = ''] = Math.abs(value).toExponential().split('e');
  return trimmed(mantissa.replace('.', ''), Number(exponent) + 1);
};

const roundsUp = ({ digits }: Decimal, count: number): boolean => {
  const next = digits[count] ?? '0';
  if (next !== '5' || count + 1 < digits.length) return next >= '5';
  return count > 0 && Number(digits[count - 1]) % 2 === 1;
};

const rounded = (decimal: Decimal, count: number): Decimal => {
  if (count < 0 || count >= decimal.digits.length) return decimal;
  const kept = decimal.digits.slice(0, count);
  if (!roundsUp(decimal, count)) return trimmed(kept, decimal.point);
  const raised = (BigInt(kept || '0') + 1n).toString();
  return trimmed(raised, decimal.point + raised.length - count);
};

const signed = (exponent: number, digits: number): string =>
  `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(digits, '0')}`;

const scientific = ({ digits, point }: Decimal, precision: number, mark: string): string => {
  const all = digits.padEnd(precision + 1, '0');
  const fraction = precision > 0 ? `.${all.slice(1, precision + 1)}` : '';
  return `${all.slice(0, 1)}${fraction}${mark}${signed(digits === '' ? 0 : point - 1, 2)}`;
};

const fixed = ({ digits, point }: Decimal, precision: number): string => {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision <= 0) return whole;
  const fraction = `${'0'.repeat(Math.min(precision, Math.max(-point, 0)))}${digits.slice(Math.max(point, 0))}`;
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`;
};

/** `%e` for what is very large or small, else `%f`. */
const general = (decimal: Decimal, precision: number, isShortest: boolean, mark: string): string => {
  const { digits, point } = decimal;
  const enough = precision > digits.length && digits.length >= point ? digits.length : precision;
  const exponent = point - 1;
  if (exponent < -4 || exponent >= (isShortest ? 6 : enough)) {
    return scientific(decimal, Math.min(precision, digits.length) - 1, mark);
  }
  return fixed(decimal, (precision > point ? digits.length : precision) - point);
};

const TOP = 1n << 60n;

/** `0x1.8p+01`: mantissa and exponent in base two, the former written in hexadecimal digits. */
const hexadecimal = (value: number, precision: number): string => {
  let { mantissa, exponent } = binary(value);
  exponent = mantissa === 0n ? 0 : exponent + MANTISSA_BITS;
  mantissa <<= BigInt(60 - MANTISSA_BITS);
  for (; mantissa !== 0n && mantissa < TOP; exponent -= 1) mantissa <<= 1n;
  if (precision >= 0 && precision < 15) {
    const shift = BigInt(60 - precision * 4);
    const extra = BigInt.asUintN(Number(shift), mantissa) << (60n - shift);
    const kept = mantissa >> shift;
    mantissa = (kept + ((extra | (kept & 1n)) > TOP / 2n ? 1n : 0n)) << shift;
    if (mantissa >= TOP * 2n) [mantissa, exponent] = [mantissa >> 1n, exponent + 1];
  }
  const digits = BigInt.asUintN(60, mantissa).toString(16).padStart(15, '0');
  const fraction = precision < 0 ? digits.replace(/0+$/, '') : digits.slice(0, precision).padEnd(precision, '0');
  return `0x${mantissa >> 60n}${fraction === '' ? '' : `.${fraction}`}p${signed(exponent, 2)}`;
};

const unsignedFloat = (value: number, verb: string, precision: number): string => {
  if (verb === 'b') {
    const { mantissa, exponent } = binary(value);
    return `${mantissa}p${signed(exponent, 1)}`;
  }
  if (verb === 'x') return hexadecimal(value, precision);
  const isShortest = precision < 0;
  const decimal = isShortest ? shortest(value) : exact(value);
  const { digits, point } = decimal;
  if (verb === 'e') {
    const count = isShortest ? Math.max(digits.length - 1, 0) : precision;
    return scientific(rounded(decimal, count + 1), count, 'e');
  }
  if (verb === 'f') {
    const count = isShortest ? Math.max(digits.length - point, 0) : precision;
    return fixed(rounded(decimal, point + count), count);
  }
  const count = isShortest ? digits.length : Math.max(precision, 1);
  return general(rounded(decimal, count), count, isShortest, 'e');
};

/**
 * A number, by a verb of `b e E f g G x X`. A precision below 0 asks for as few digits as tell the number from others.
 */
export const formatFloat = (value: number, verb: string, precision: number): string => {
  const lower = verb.toLowerCase();
  const digits = unsignedFloat(value, lower, precision);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + (verb === lower ? digits : digits.toUpperCase());
};
