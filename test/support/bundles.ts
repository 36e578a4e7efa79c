/** Bundles for tests: what OPA made, and what it never would. */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createTar, parseTar } from 'nanotar';
import { readPublicKeys } from '../../shared/policy/keys.ts';

const FIXTURES = new URL('../policy/bundle/fixtures/', import.meta.url);

export const fixturePath = (name: string): string => new URL(name, FIXTURES).pathname;
export const fixture = (name: string): Buffer => readFileSync(fixturePath(name));

/** The public keys of a fixture. */
export const keysOf = (name: string) => readPublicKeys([{ name, text: fixture(name).toString() }]);

export type Contents = Readonly<Record<string, string | Uint8Array>>;

/** The files of a bundle, read and written by a library that is not ours. */
export const filesOf = (bundle: Uint8Array): Record<string, Uint8Array> => {
  const tar = new Uint8Array(gunzipSync(bundle));
  return Object.fromEntries(parseTar(tar).map(({ name, data = new Uint8Array() }) => [name, new Uint8Array(data)]));
};
export const bundleWith = (contents: Contents): Buffer =>
  gzipSync(createTar(Object.entries(contents).map(([name, data]) => ({ name, data }))));

interface RawEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** The flag of its header; `0` is a file. */
  readonly flag?: string;
  /** What the header says of its size, where that is a lie. */
  readonly size?: string;
  readonly prefix?: string;
  readonly magic?: string;
}

const BLOCK = 512;

/** One entry of a tar file, header and content, as no library would write it. */
const entryBytes = ({ name, content = '', flag = '0', size, prefix = '', magic = 'ustar\x0000' }: RawEntry): Buffer => {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write(size ?? `${bytes.length.toString(8).padStart(11, '0')} `, 124, 12, 'latin1');
  header.write(flag, 156, 'latin1');
  header.write(magic, 257, 'latin1');
  header.write(prefix, 345, 155);
  header.write('        ', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
};

export const rawTar = (entries: readonly RawEntry[], end = Buffer.alloc(2 * BLOCK)): Buffer =>
  Buffer.concat([...entries.map(entryBytes), end]);

/** A pax header's record: its own length, a key and a value. */
export const paxRecord = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const length = bytes + String(bytes + String(bytes).length).length;
  return `${length}${rest}`;
};
