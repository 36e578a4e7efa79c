/**
 * One header of a tar file: 512 bytes that say what follows.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html (ustar Interchange Format)
 */
import { shownName, UnusableBundle } from './unusable-bundle.ts';

export const BLOCK = 512;

/** What a header may be about; whatever else there is has no place in a bundle. */
const KINDS = {
  '0': 'file',
  '\0': 'file',
  '5': 'folder',
  x: 'pax',
  g: 'pax for all',
  L: 'long name',
} as const;

const REFUSED: ReadonlyMap<string, string> = new Map([
  ['1', 'a link'],
  ['2', 'a symbolic link'],
  ['3', 'a device'],
  ['4', 'a device'],
  ['6', 'a pipe'],
  ['S', 'a sparse file'],
]);

export interface TarHeader {
  readonly kind: (typeof KINDS)[keyof typeof KINDS];
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text of bytes up to the first NUL. Throws `UnusableBundle` where it is not UTF-8. */
export const tarText = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  try {
    return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
  } catch (cause) {
    throw new UnusableBundle('the name of an entry is not UTF-8', { cause });
  }
};

const octal = (bytes: Uint8Array): number | undefined => {
  const digits = /^ *([0-7]{1,11})[ \0]*$/.exec(Buffer.from(bytes).toString('latin1'))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
};

const CHECKSUM = { from: 148, to: 156 };

/** The sum of all bytes, those of the checksum itself counted as spaces. */
const sumOf = (block: Uint8Array): number =>
  block.reduce((sum, byte, at) => sum + (at >= CHECKSUM.from && at < CHECKSUM.to ? 0x20 : byte), 0);

const isKind = (flag: string): flag is keyof typeof KINDS => Object.hasOwn(KINDS, flag);

const nameOf = (block: Uint8Array): string => {
  const name = tarText(block.subarray(0, 100));
  // GNU's own format keeps other things where ustar has the prefix.
  const isUstar = Buffer.from(block.subarray(257, 263)).toString('latin1') === 'ustar\0';
  const prefix = isUstar ? tarText(block.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
};

/** Reads a header; `undefined` for the zeros that end the archive. Throws `UnusableBundle`. */
export const readTarHeader = (block: Uint8Array): TarHeader | undefined => {
  if (block.every((byte) => byte === 0)) return undefined;
  if (octal(block.subarray(CHECKSUM.from, CHECKSUM.to)) !== sumOf(block))
    throw new UnusableBundle('it holds no tar file, or one that is damaged');
  const name = nameOf(block);
  const flag = String.fromCharCode(block[156] ?? 0);
  if (!isKind(flag))
    throw new UnusableBundle(
      `its entry ${shownName(name)} is ${REFUSED.get(flag) ?? 'no file'}, which no bundle needs`,
    );
  const size = octal(block.subarray(124, 136));
  if (size === undefined) throw new UnusableBundle(`its entry ${shownName(name)} has no size that can be read`);
  return { kind: KINDS[flag], name, size };
};
