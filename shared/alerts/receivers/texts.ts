/**
 * Texts of scans on their way to people: cleaned of what nobody sees, and cut to a receiver's own units, on a character's
 * boundary.
 */

/** Unicode's category Cf: what has no width or turns the direction of writing, and so can make a text lie. */
const INVISIBLE = /\p{Cf}/gu;
/** Controls, and the two separators that some programs take for a line's end. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** The text without what cannot be seen; lines stay. */
export const visible = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(INVISIBLE, '')
    .replaceAll(CONTROL, (control) => (control === '\n' ? '\n' : ' '))
    .trim();

/** The text without what cannot be seen, in one line. */
export const oneLine = (text: string): string => visible(text).replaceAll(/\s+/g, ' ').trim();

/** For where an address would be made a link by whoever shows it. */
export const unlinked = (text: string): string => text.replaceAll('://', ': //').replaceAll(/www\./gi, 'www .');

/** How much of a limit a piece of text takes. */
export type Size = (text: string) => number;
export const utf16: Size = (text) => text.length;
export const bytes: Size = (text) => Buffer.byteLength(text);

interface Fitting {
  /** UTF-16 units unless told otherwise. */
  readonly size?: Size;
  /** What stands for a character at the receiver: never cut apart. */
  readonly write?: (character: string) => string;
}

const asItIs = (character: string): string => character;

/** The text as it is written at the receiver, or as many of its first characters as fit, and `…`. */
export const shorten = (text: string, most: number, { size = utf16, write = asItIs }: Fitting = {}): string => {
  const room = most - size('…');
  let [whole, start, used] = ['', '', 0];
  for (const character of text) {
    const piece = write(character);
    used += size(piece);
    if (used > most) return `${start}…`;
    whole += piece;
    if (used <= room) start = whole;
  }
  return whole;
};

/** As many whole lines as fit, and how many there are beyond them and beyond those that were given. */
export const listWithin = (lines: readonly string[], more: number, most: number, size: Size = utf16): string => {
  for (let kept = lines.length; kept >= 0; kept -= 1) {
    const left = lines.length - kept + more;
    const text = [...lines.slice(0, kept), ...(left > 0 ? [`… and ${left} more`] : [])].join('\n');
    if (size(text) <= most) return text;
  }
  return '';
};
