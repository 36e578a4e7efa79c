/**
 * JSON whose characters beyond the first 65 536 are no escapes.
 *
 * OPA's wasm ends at an escaped half of a character that lacks its other half, where OPA itself reads U+FFFD; and of an
 * escaped pair beyond U+20000 it makes another character (wasm/src/unicode.c).
 */

/** Each escape, so that the second `\` of `\\ud800` is not taken for the start of one. */
const ESCAPE = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g;
const HALF = /^\\u[dD][89a-fA-F]/;

const unescaped = (sequence: string): string =>
  HALF.test(sequence) ? (JSON.parse(`"${sequence}"`) as string).toWellFormed() : sequence;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The same JSON without escaped halves of characters. */
export const withoutSurrogates = (json: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  if (!bytes.includes('\\ud') && !bytes.includes('\\uD')) return json;
  return encoder.encode(decoder.decode(json).replace(ESCAPE, unescaped));
};
