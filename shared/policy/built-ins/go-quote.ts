/**
 * Texts quoted as Go's `strconv.Quote` does, which is how OPA writes them inside of messages.
 *
 * What is printable is Unicode's word, and Go and Node may know different versions of it.
 */

/** Letters, marks, numbers, punctuation, symbols and the ASCII space (strconv.IsPrint). */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const PLAIN = /^[ !#-[\]-~]*$/;

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
]);

export const isPrintable = (character: string): boolean => PRINTABLE.test(character);

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

const escaped = (code: number): string => {
  const known = ESCAPES.get(code);
  if (known !== undefined) return known;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
};

const quotedCharacter = (character: string, mark: string, ascii: boolean): string => {
  if (character === mark || character === '\\') return `\\${character}`;
  const code = character.codePointAt(0) ?? 0;
  if ((code < 0x80 || !ascii) && isPrintable(character)) return character;
  return escaped(code);
};

/** `"it\u200bs"`; with `ascii`, without any character beyond it. */
export const quote = (text: string, ascii = false): string => {
  if (PLAIN.test(text)) return `"${text}"`;
  return `"${Array.from(text.toWellFormed(), (character) => quotedCharacter(character, '"', ascii)).join('')}"`;
};

/** `'x'`: one character as Go's `strconv.QuoteRune` has it. */
export const quoteCharacter = (character: string, ascii = false): string =>
  `'${quotedCharacter(character, "'", ascii)}'`;

/** Whether a text fits between backquotes (strconv.CanBackquote). */
export const fitsBackquotes = (text: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what doesn't fit.
  text.isWellFormed() && !/[\u0000-\u0008\u000a-\u001f`\u007f\ufeff]/.test(text);
