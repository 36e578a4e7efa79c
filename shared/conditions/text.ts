/**
 * Texts as conditions carry them: clean, and cut to what a status can hold.
 *
 * A length is counted in bytes as JSON writes them, so that the size of a status is bounded by arithmetic:
 * for ordinary text these are its UTF-8 bytes, a quote or a backslash counts two.
 */

/** The Kubernetes API conventions' bound on a condition's message, in bytes. */
export const MESSAGE_BYTES = 32_768;
export const ERROR_BYTES = 4_096;
export const REASON_BYTES = 256;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for; a terminal would obey them.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

const bytesOf = (character: string): number => {
  if (character === '"' || character === '\\' || character === '\n' || character === '\t') return 2;
  const point = Number(character.codePointAt(0));
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
};

/** The text without lone surrogates and control characters (line feeds and tabs stay), trimmed. */
export const cleanText = (text: string): string => text.toWellFormed().replace(CONTROL, ' ').trim();

/** The bytes that JSON spends on a clean text, quotes around it not counted. */
export const textBytes = (text: string): number => {
  let bytes = 0;
  for (const character of text) bytes += bytesOf(character);
  return bytes;
};

/** The longest start of a clean text that fits into `limit` bytes and ends on a character's boundary. */
export const cutText = (text: string, limit: number): string => {
  // No UTF-16 unit takes more than 3 bytes, so a short text needs no count.
  if (text.length * 3 <= limit) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += bytesOf(character);
    if (bytes > limit) return text.slice(0, end);
    end += character.length;
  }
  return text;
};

/** `PREFIX ID, ID, …` in `limit` bytes: whole IDs only, and how many more there are. */
export const cutList = (prefix: string, ids: readonly string[], limit: number): string => {
  const whole = `${prefix} ${ids.join(', ')}`;
  if (textBytes(whole) <= limit) return whole.trimEnd();
  const more = (left: number): string => ` … and ${left} more`;
  let bytes = textBytes(prefix) + textBytes(more(ids.length));
  let kept = 0;
  for (const id of ids) {
    bytes += textBytes(id) + (kept === 0 ? ' ' : ', ').length;
    if (bytes > limit) break;
    kept += 1;
  }
  return `${prefix}${kept === 0 ? '' : ' '}${ids.slice(0, kept).join(', ')}${more(ids.length - kept)}`;
};
