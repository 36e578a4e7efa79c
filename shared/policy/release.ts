/** Gives the memory of bytes back at once: a large report must not be there twice until V8 sees fit. */

/** Below, memory may be shared with other bytes, and is not worth the trouble. */
const LARGE = 2 ** 20;

/** Bytes that nobody needs any more: where they are many, they are none afterwards. */
export const release = (bytes: Uint8Array): void => {
  const { buffer } = bytes;
  if (bytes.length >= LARGE && 'transfer' in buffer) buffer.transfer(0);
};
