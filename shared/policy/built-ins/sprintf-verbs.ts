/**
 * One operand of `sprintf` written as one verb of Go's `fmt` asks (fmt/print.go).
 *
 * OPA hands four types to Go: texts, whole numbers, larger whole numbers, and other numbers. Everything else is a text:
 * what OPA would write for it in a policy.
 */
import { fitsBackquotes, quote } from './go-quote.ts';
import { isInt64, text } from './operands.ts';
import { type Flags, pad, printFloat, printInteger, printLarge } from './sprintf-numbers.ts';
import { termText } from './terms.ts';

export type Argument =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int64' | '*big.Int'; readonly value: bigint }
  | { readonly type: 'float64'; readonly value: number };

/** A term as OPA hands it to Go. */
export const argumentOf = (term: unknown): Argument => {
  if (typeof term === 'bigint') return { type: isInt64(term) ? 'int64' : '*big.Int', value: term };
  if (Number.isSafeInteger(term)) return { type: 'int64', value: BigInt(term as number) };
  if (typeof term === 'number') return { type: 'float64', value: term };
  return { type: 'string', value: text(term) ? term : termText(term) };
};

const truncated = (value: string, precision: number | undefined): string =>
  precision === undefined || precision >= value.length
    ? value
    : Iterator.from(value).take(precision).toArray().join('');

const hexBytes = (value: string, { precision, sharp, space }: Flags): string => {
  const bytes = [...Buffer.from(value).subarray(0, precision)].map((byte) => byte.toString(16).padStart(2, '0'));
  if (bytes.length === 0) return '';
  const mark = sharp ? '0x' : '';
  return mark + bytes.join(space ? ` ${mark}` : '');
};

const quoted = (value: string, { precision, sharp, plus }: Flags): string => {
  const cut = truncated(value, precision);
  return sharp && fitsBackquotes(cut) ? `\`${cut}\`` : quote(cut, plus);
};

const printText = (value: string, verb: string, flags: Flags): string | undefined => {
  if (verb === 'q' || (verb === 'v' && flags.sharpV)) return pad(quoted(value, flags), flags);
  if (verb === 's' || verb === 'v') return pad(truncated(value, flags.precision), flags);
  if (verb === 'x') return pad(hexBytes(value, flags), flags);
  return verb === 'X' ? pad(hexBytes(value, flags).toUpperCase(), flags) : undefined;
};

const printed = (argument: Argument, verb: string, flags: Flags): string | undefined => {
  if (verb === 'T') return pad(truncated(argument.type, flags.precision), flags);
  if (argument.type === 'string') return printText(argument.value, verb, flags);
  if (argument.type === 'float64') return printFloat(argument.value, verb, flags);
  if (argument.type === 'int64') return printInteger(argument.value, verb, flags);
  return printLarge(argument.value, verb, flags);
};

/** An operand as a verb asks; where the verb is not one of its type, Go's complaint. */
export const print = (argument: Argument, verb: string, flags: Flags): string =>
  printed(argument, verb, flags) ?? `%!${verb}(${argument.type}=${print(argument, 'v', flags)})`;
