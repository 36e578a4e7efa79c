/** Numbers written as verbs of Go's `fmt` ask (fmt/format.go, math/big/intconv.go). */
import { formatFloat } from './go-float.ts';
import { isPrintable, quoteCharacter } from './go-quote.ts';

export interface Flags {
  minus?: boolean;
  plus?: boolean;
  sharp?: boolean;
  space?: boolean;
  zero?: boolean;
  /** `%+v` and `%#v` are verbs of their own: there, the flags mean nothing else. */
  plusV?: boolean;
  sharpV?: boolean;
  width?: number | undefined;
  precision?: number | undefined;
}

const countCharacters = (value: string): number => {
  let count = 0;
  for (const _ of value) count += 1;
  return count;
};

/** Brings a text to its width. */
export const pad = (value: string, { width = 0, minus, zero }: Flags): string => {
  const missing = width === 0 ? 0 : Math.max(width - countCharacters(value), 0);
  if (minus) return value + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + value;
};

const BASES: ReadonlyMap<string, number> = new Map([
  ['v', 10],
  ['d', 10],
  ['b', 2],
  ['o', 8],
  ['O', 8],
  ['x', 16],
  ['X', 16],
]);

const signOf = (value: bigint, { plus, space }: Flags): string => {
  if (value < 0n) return '-';
  if (plus) return '+';
  return space ? ' ' : '';
};

const digitsOf = (value: bigint, verb: string, base: number): string => {
  const digits = (value < 0n ? -value : value).toString(base);
  return verb === 'X' ? digits.toUpperCase() : digits;
};

const SHARP: ReadonlyMap<string, string> = new Map([
  ['b', '0b'],
  ['o', '0'],
  ['x', '0x'],
  ['X', '0X'],
]);

const printBase = (value: bigint, verb: string, base: number, flags: Flags): string => {
  const { width = 0, precision, zero, minus, sharp } = flags;
  if (precision === 0 && value === 0n) return ' '.repeat(width);
  const sign = signOf(value, flags);
  const least = precision ?? (zero && !minus ? width - sign.length : 0);
  const digits = digitsOf(value, verb, base).padStart(least, '0');
  const mark = sharp && !(base === 8 && digits.startsWith('0')) ? SHARP.get(verb === 'O' ? 'o' : verb) : '';
  return pad(`${sign}${verb === 'O' ? '0o' : ''}${mark ?? ''}${digits}`, { ...flags, zero: false });
};

const LAST_CHARACTER = 0x10ffffn;

/** The character with a code, or the one that stands for none. */
const characterOf = (code: bigint): string => {
  const valid = code >= 0n && code <= LAST_CHARACTER && !(code >= 0xd800n && code < 0xe000n);
  return String.fromCodePoint(valid ? Number(code) : 0xfffd);
};

const unicode = (value: bigint, flags: Flags): string => {
  const { precision = 0, sharp } = flags;
  const code = BigInt.asUintN(64, value);
  const digits = code.toString(16).toUpperCase().padStart(Math.max(precision, 4), '0');
  const character = characterOf(code);
  const isOne = BigInt(character.codePointAt(0) ?? 0) === code;
  const shown = sharp && isOne && isPrintable(character) ? ` '${character}'` : '';
  return pad(`U+${digits}${shown}`, { ...flags, zero: false });
};

/** `undefined` where the verb is none for whole numbers. */
export const printInteger = (value: bigint, verb: string, flags: Flags): string | undefined => {
  const base = BASES.get(verb);
  if (base !== undefined) return printBase(value, verb, base, flags);
  if (verb === 'c') return pad(characterOf(value), flags);
  if (verb === 'q') return pad(quoteCharacter(characterOf(value), flags.plus), flags);
  return verb === 'U' ? unicode(value, flags) : undefined;
};

/** Larger numbers write themselves (big.Int.Format), by rules that differ in small things. */
export const printLarge = (value: bigint, verb: string, flags: Flags): string => {
  const base = BASES.get(verb === 's' ? 'd' : verb);
  if (base === undefined) return `%!${verb}(big.Int=${value})`;
  const { width = 0, precision = 0, zero, minus } = flags;
  const sign = signOf(value, { ...flags, plus: flags.plus || flags.plusV || false });
  const mark = verb === 'O' ? '0o' : (flags.sharp && SHARP.get(verb)) || '';
  const filled = zero && !minus && flags.precision === undefined ? width - sign.length - mark.length : precision;
  return pad(sign + mark + digitsOf(value, verb, base).padStart(filled, '0'), { ...flags, zero: false });
};

/** Go keeps the point and the zeros after it where `#` asks for them. */
const withPoint = (number: string, verb: string, precision: number): string => {
  const ending = /^(?:[-+ ]0x.*?(?=p)|[^ep]*)/i.exec(number)?.[0].length ?? number.length;
  const [head, tail] = [number.slice(0, ending), number.slice(ending)];
  const counted = head.slice(1).replace('.', '').replace(/^0+/, '').length;
  let missing = ('gGx'.includes(verb) ? (precision === -1 ? 6 : precision) : 0) - counted;
  if (head.includes('.')) return head + '0'.repeat(Math.max(missing, 0)) + tail;
  if (head.length === 2 && head[1] === '0') missing -= 1;
  return `${head}.${'0'.repeat(Math.max(missing, 0))}${tail}`;
};

const FLOAT_VERBS: ReadonlyMap<string, readonly [verb: string, precision: number]> = new Map([
  ['v', ['g', -1]],
  ['b', ['b', -1]],
  ['g', ['g', -1]],
  ['G', ['G', -1]],
  ['x', ['x', -1]],
  ['X', ['X', -1]],
  ['f', ['f', 6]],
  ['F', ['f', 6]],
  ['e', ['e', 6]],
  ['E', ['E', 6]],
]);

/** `undefined` where the verb is none for such numbers. */
export const printFloat = (value: number, asked: string, flags: Flags): string | undefined => {
  const known = FLOAT_VERBS.get(asked);
  if (known === undefined) return undefined;
  const [verb, usual] = known;
  const { width = 0, precision = usual, plus, sharp, zero, minus } = flags;
  const plain = formatFloat(value, verb, precision);
  const bare = plain.replace('-', (_, at) => (at === 0 ? '' : '-'));
  const sign = plain === bare ? signOf(1n, { ...flags, plus: plus || !flags.space }) : '-';
  const number = sharp && verb !== 'b' ? withPoint(sign + bare, verb, precision) : sign + bare;
  if (!plus && sign === '+') return pad(number.slice(1), flags);
  if (zero && !minus && width > number.length) return sign + number.slice(1).padStart(width - 1, '0');
  return pad(number, flags);
};
