/** What gzip packed, as far as there is room for it. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { UnusableBundle } from './unusable-bundle.ts';

const inflate = promisify(gunzip);

const MEGABYTE = 1_048_576;
/** Bytes of all files of a bundle together. A policy's wasm has some hundred thousand. */
const MOST_UNPACKED = 64 * MEGABYTE;

/** Unpacks, and stops where it becomes too much: a few megabytes can hold gigabytes. Throws `UnusableBundle`. */
export const unpackGzip = async (bytes: Uint8Array): Promise<Uint8Array> => {
  try {
    return await inflate(bytes, { maxOutputLength: MOST_UNPACKED });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new UnusableBundle(`it unpacks to more than ${MOST_UNPACKED / MEGABYTE} MiB`, { cause });
    throw new UnusableBundle('it is cut off or damaged: gzip cannot unpack it', { cause });
  }
};
