/** `sprintf`, with the format language of Go's `fmt` (fmt/print.go: doPrintf). */
import { array, type Family, takes, text, Unsupported } from './operands.ts';
import type { Flags } from './sprintf-numbers.ts';
import { type Argument, argumentOf, print } from './sprintf-verbs.ts';

/** Go's own bound on widths and precisions. */
const WIDEST = 1e6;
const LONGEST = 16 * 1024 * 1024;

const FLAGS: ReadonlyMap<string | undefined, 'sharp' | 'zero' | 'plus' | 'minus' | 'space'> = new Map([
  ['#', 'sharp'],
  ['0', 'zero'],
  ['+', 'plus'],
  ['-', 'minus'],
  [' ', 'space'],
] as const);

/** Where we are in the format, and which operand is next. */
interface Reader {
  readonly format: string;
  readonly operands: readonly Argument[];
  at: number;
  operand: number;
  /** The last thing read was an index, as in `%[2]d`. */
  afterIndex: boolean;
  badIndex: boolean;
  /** Some index was read, ever: then nobody asks whether an operand was left over. */
  reordered: boolean;
}

const isDigit = (character: string | undefined): boolean =>
  character !== undefined && character >= '0' && character <= '9';

/** A number in the format. One that is far too large takes the rest of the format with it, as in Go. */
const readNumber = (reader: Reader, end = reader.format.length): number | undefined => {
  let value: number | undefined;
  for (; reader.at < end && isDigit(reader.format[reader.at]); reader.at += 1) {
    if ((value ?? 0) > WIDEST) {
      reader.at = end;
      return undefined;
    }
    value = (value ?? 0) * 10 + Number(reader.format[reader.at]);
  }
  return value;
};

/** An index such as `[2]`, if there is one: the operand that is next. */
const readIndex = (reader: Reader): void => {
  reader.afterIndex = false;
  if (reader.format[reader.at] !== '[') return;
  reader.reordered = true;
  const end = reader.format.indexOf(']', reader.at);
  if (end === -1) {
    reader.at += 1;
    reader.badIndex = true;
    return;
  }
  reader.at += 1;
  const index = readNumber(reader, end);
  const isNumber = index !== undefined && reader.at === end;
  reader.at = end + 1;
  reader.afterIndex = isNumber;
  if (isNumber && index >= 1 && index <= reader.operands.length) reader.operand = index - 1;
  else reader.badIndex = true;
};

/** A width or precision given by an operand, for `*`. */
const readFromOperand = (reader: Reader): number | undefined => {
  reader.at += 1;
  reader.afterIndex = false;
  const operand = reader.operands[reader.operand];
  if (operand === undefined) return undefined;
  reader.operand += 1;
  const size = operand.type === 'int64' ? Number(operand.value) : undefined;
  return size !== undefined && Math.abs(size) <= WIDEST ? size : undefined;
};

const readWidth = (reader: Reader, flags: Flags): string => {
  if (reader.format[reader.at] !== '*') {
    flags.width = readNumber(reader);
    if (reader.afterIndex && flags.width !== undefined) reader.badIndex = true;
    return '';
  }
  const width = readFromOperand(reader);
  if (width === undefined) return '%!(BADWIDTH)';
  flags.width = Math.abs(width);
  if (width < 0) Object.assign(flags, { minus: true, zero: false });
  return '';
};

const readPrecision = (reader: Reader, flags: Flags): string => {
  // A point that ends the format is no precision but the verb.
  if (reader.format[reader.at] !== '.' || reader.at + 1 >= reader.format.length) return '';
  reader.at += 1;
  if (reader.afterIndex) reader.badIndex = true;
  readIndex(reader);
  if (reader.format[reader.at] !== '*') {
    flags.precision = readNumber(reader) ?? 0;
    return '';
  }
  const precision = readFromOperand(reader);
  if (precision !== undefined && precision >= 0) {
    flags.precision = precision;
    return '';
  }
  return '%!(BADPREC)';
};

const printNext = (reader: Reader, verb: string, flags: Flags): string => {
  if (verb === '%') return '%';
  if (reader.badIndex) return `%!${verb}(BADINDEX)`;
  const operand = reader.operands[reader.operand];
  if (operand === undefined) return `%!${verb}(MISSING)`;
  reader.operand += 1;
  if (verb !== 'v' && verb !== 'w') return print(operand, verb, flags);
  const { sharp = false, plus = false, ...rest } = flags;
  return print(operand, verb, { ...rest, sharpV: sharp, plusV: plus });
};

/** What stands after a `%`. */
const printDirective = (reader: Reader): string => {
  const flags: Flags = {};
  for (;;) {
    const flag = FLAGS.get(reader.format[reader.at]);
    if (flag === undefined) break;
    flags[flag] = true;
    reader.at += 1;
  }
  reader.badIndex = false;
  readIndex(reader);
  const complaints = readWidth(reader, flags) + readPrecision(reader, flags);
  if (!reader.afterIndex) readIndex(reader);
  const code = reader.format.codePointAt(reader.at);
  if (code === undefined) return `${complaints}%!(NOVERB)`;
  const verb = String.fromCodePoint(code);
  reader.at += verb.length;
  return complaints + printNext(reader, verb, flags);
};

const leftOver = ({ operands, operand, reordered }: Reader): string => {
  if (reordered || operand >= operands.length) return '';
  const extra = operands.slice(operand).map((argument) => `${argument.type}=${print(argument, 'v', {})}`);
  return `%!(EXTRA ${extra.join(', ')})`;
};

const sprintf = (format: string, terms: readonly unknown[]): string => {
  const operands = terms.map(argumentOf);
  const reader: Reader = { format, operands, at: 0, operand: 0, afterIndex: false, badIndex: false, reordered: false };
  let result = '';
  while (reader.at < format.length) {
    const next = format.indexOf('%', reader.at);
    const end = next === -1 ? format.length : next;
    result += format.slice(reader.at, end);
    reader.at = end + 1;
    if (next !== -1) result += printDirective(reader);
    if (result.length > LONGEST) throw new Unsupported(`its text would have more than ${LONGEST} characters`);
  }
  return result + leftOver(reader);
};

export const SPRINTF: Family = [['sprintf', takes([text, array], sprintf)]];
