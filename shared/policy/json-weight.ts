/**
 * What a JSON text weighs once it is parsed, guessed from its brackets and commas before anything of it is built.
 *
 * V8 does not stop in the middle of `JSON.parse`: where the heap of a thread ends there, the whole process ends, with
 * everything that it has in flight. So no text is parsed that could get near to it.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Bytes of heap by the byte that a value begins with or follows, outside of texts: the most that was measured. */
const WEIGHTS = new Uint8Array(256);
WEIGHTS['{'.charCodeAt(0)] = 170; // each may have a name of its own, and so a shape of its own
WEIGHTS['['.charCodeAt(0)] = 70;
WEIGHTS[','.charCodeAt(0)] = 90; // a member under a name that no other has

/** The text as it is, and once more the texts in it: of two bytes a character where a single one of them needs two. */
const BYTES_PER_BYTE = 4;

/** Bytes that the text and what is parsed from it may take, at most; a text cut anywhere weighs what is there. */
export const jsonWeight = (bytes: Uint8Array): number => {
  let weight = bytes.length * BYTES_PER_BYTE;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    weight += WEIGHTS[byte] as number;
    if (byte === QUOTE) {
      at += 1;
      while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    }
  }
  return weight;
};
