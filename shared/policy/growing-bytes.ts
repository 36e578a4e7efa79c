/** Bytes of a text that comes in pieces, without the text ever being one string. */

const FIRST = 64 * 1_024;
/** No UTF-16 unit takes more bytes than this. */
const BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();

export interface GrowingBytes {
  readonly add: (piece: string) => void;
  readonly length: () => number;
  /** All of them, in a buffer of their own; nothing may be added then. */
  readonly take: () => Uint8Array;
}

export const growingBytes = (): GrowingBytes => {
  let bytes = new Uint8Array(FIRST);
  let length = 0;
  const reserve = (more: number): void => {
    if (length + more <= bytes.length) return;
    bytes = new Uint8Array(bytes.buffer.transfer(Math.max(bytes.length * 2, length + more)));
  };
  return {
    add: (piece) => {
      reserve(piece.length * BYTES_PER_UNIT);
      length += encoder.encodeInto(piece, bytes.subarray(length)).written;
    },
    length: () => length,
    take: () => new Uint8Array(bytes.buffer.transfer(length)),
  };
};
