/**
 * The files of a tar archive, read strictly: what two programs might unpack in two ways is refused.
 *
 * A bundle is judged by its entries' own names, which readers made for unpacking clean silently.
 */
import { BLOCK, readTarHeader, type TarHeader, tarText } from './tar-header.ts';
import { shownName, UnusableBundle } from './unusable-bundle.ts';

export type Files = ReadonlyMap<string, Uint8Array>;

const MOST_ENTRIES = 10_000;
const MOST_NAME = 1_024;

const refused = (name: string, why: string): UnusableBundle =>
  new UnusableBundle(`its entry ${shownName(name)} ${why}`);

/** OPA writes names from the bundle's root, `/policy.wasm`; people's tar writes `./policy.wasm`. Both mean the same. */
const plainName = (raw: string, kind: TarHeader['kind']): string => {
  if (raw.length > MOST_NAME) throw refused(raw, `has a name of more than ${MOST_NAME} characters`);
  const inside = raw.replace(/^(?:\.\/|\/)/, '');
  const name = kind === 'folder' ? inside.replace(/^\.?\/?$|\/$/, '') : inside;
  if (kind === 'folder' && name === '') return name;
  if (/[\\\p{Cc}]/u.test(name)) throw refused(raw, 'has a backslash or control character in its name');
  const outside = name.split('/').find((segment) => segment === '' || segment === '.' || segment === '..');
  if (outside !== undefined) throw refused(raw, 'has a name that is no path inside the bundle');
  return name;
};

/** What a pax header says of the next entry, as lines `LENGTH KEY=VALUE`. */
const paxRecords = (bytes: Uint8Array): ReadonlyMap<string, string> => {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const line = Buffer.from(bytes.subarray(at, at + 16)).toString('latin1');
    const length = Number(/^([1-9]\d{0,8}) /.exec(line)?.[1]);
    const record = bytes.subarray(at, at + length);
    const [, key, value] = /^\d+ ([^=]+)=(.*)\n$/s.exec(tarText(record)) ?? [];
    if (record.length !== length || key === undefined || value === undefined)
      throw new UnusableBundle('a pax header of it cannot be read');
    records.set(key, value);
    at += length;
  }
  return records;
};

/** Those records change what an entry is, and no bundle is so large, or so odd, that it needs them. */
const CHANGES = /^(?:size|linkpath|GNU\.sparse\..*)$/;

const paxName = (content: Uint8Array, { kind }: TarHeader): string | undefined => {
  const records = paxRecords(content);
  const change = records.keys().find((key) => CHANGES.test(key) || (key === 'path' && kind === 'pax for all'));
  if (change !== undefined)
    throw new UnusableBundle(`a pax header of it sets ${shownName(change)}, which no bundle needs`);
  return records.get('path');
};

/** The name that a header gives to the entry after it. */
const nameGiven = (header: TarHeader, content: Uint8Array): string | undefined =>
  header.kind === 'long name' ? tarText(content) : paxName(content, header);

interface Entry {
  readonly header: TarHeader;
  readonly content: Uint8Array;
}

/** The entries in their order, as far as the archive's own end. Some writers leave that out, and gzip tells what is cut. */
function* entriesOf(bytes: Uint8Array): Generator<Entry> {
  for (let at = 0, count = 1; at < bytes.length; count += 1) {
    if (at + BLOCK > bytes.length) throw new UnusableBundle('it is cut off in the middle of a header');
    const header = readTarHeader(bytes.subarray(at, at + BLOCK));
    if (header === undefined) return;
    if (count > MOST_ENTRIES) throw new UnusableBundle(`it has more than ${MOST_ENTRIES} entries`);
    const start = at + BLOCK;
    if (start + header.size > bytes.length) throw refused(header.name, 'is cut off');
    yield { header, content: bytes.subarray(start, start + header.size) };
    at = start + Math.ceil(header.size / BLOCK) * BLOCK;
  }
}

/** The files of an archive by their names, folders left out. Throws `UnusableBundle`, which names the entry at fault. */
export const readTar = (bytes: Uint8Array): Files => {
  const files = new Map<string, Uint8Array>();
  let given: string | undefined;
  for (const { header, content } of entriesOf(bytes)) {
    if (header.kind !== 'file' && header.kind !== 'folder') {
      given = nameGiven(header, content) ?? given;
      continue;
    }
    const name = plainName(given ?? header.name, header.kind);
    given = undefined;
    if (header.kind === 'folder') continue;
    if (files.has(name)) throw refused(name, 'is there twice');
    files.set(name, content);
  }
  return files;
};
