/**
 * A policy as it is handed about: OPA's bundle, a `tar.gz` with the wasm and what belongs to it, or the wasm alone.
 *
 * @see https://www.openpolicyagent.org/docs/management-bundles
 */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../../conditions/status.ts';
import { readData } from './data.ts';
import { unpackGzip } from './gunzip.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { type BundleKeys, checkSignature } from './signatures.ts';
import { type Files, readTar } from './tar.ts';
import { shownNames, UnusableBundle } from './unusable-bundle.ts';

export interface Bundle extends Manifest {
  /** `sha256:` and the hash of the bytes as they came, in hexadecimal: two bundles are the same if it is. */
  readonly digest: string;
  readonly wasm: Uint8Array;
  /** What the bundle brings along for its rules to look up. */
  readonly data?: JsonObject;
}

export interface BundleOptions {
  /** What the bundle must be signed with; absent, it must not be signed. */
  readonly verifyKeys?: BundleKeys | undefined;
  /** What errors call the bundle. */
  readonly name?: string;
}

const GZIP = [0x1f, 0x8b];
const WASM = [0x00, 0x61, 0x73, 0x6d];
const HOW = 'build it with: opa build -t wasm -e PACKAGE/RULE FILE';

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, at) => bytes[at] === byte);

export const bundleDigest = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Kinds of bundles that hold no whole policy, or not in a way that we read, by a file that only they have. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ['patch.json', 'it is a delta bundle, which only changes another one'],
  ['.manifest.pb', 'its manifest is in protobuf; build it with one in JSON'],
]);

const wasmName = (files: Files): string => {
  for (const [name, problem] of OTHERS) if (files.has(name)) throw new UnusableBundle(problem);
  const [name, ...more] = files.keys().filter((file) => /(?:^|\/)policy\.wasm$/.test(file));
  const found = shownNames([...files.keys()]);
  if (name === undefined) throw new UnusableBundle(`it holds no policy.wasm but ${found || 'nothing'}; ${HOW}`);
  if (more.length > 0) throw new UnusableBundle(`it holds several policies: ${shownNames([name, ...more])}`);
  return name;
};

const readArchive = async (bytes: Uint8Array, keys: BundleKeys | undefined): Promise<Omit<Bundle, 'digest'>> => {
  const files = readTar(await unpackGzip(bytes));
  // Nothing in a bundle is looked into before it is known who made it.
  await checkSignature(files, keys);
  const name = wasmName(files);
  const data = readData(files);
  // A copy, so that the rest of the archive need not be kept.
  const wasm = new Uint8Array(files.get(name) ?? []);
  if (!startsWith(wasm, WASM)) throw new UnusableBundle(`${name}: is no WebAssembly; ${HOW}`);
  return { wasm, ...readManifest(files, name), ...(data !== undefined && { data }) };
};

const readBare = (bytes: Uint8Array, keys: BundleKeys | undefined): Omit<Bundle, 'digest'> => {
  if (keys === undefined) return { wasm: new Uint8Array(bytes) };
  throw new UnusableBundle('it is WebAssembly alone, which cannot be signed, and keys are configured');
};

const readContent = async (bytes: Uint8Array, keys: BundleKeys | undefined): Promise<Omit<Bundle, 'digest'>> => {
  if (startsWith(bytes, GZIP)) return readArchive(bytes, keys);
  if (startsWith(bytes, WASM)) return readBare(bytes, keys);
  throw new UnusableBundle(`it is neither a tar.gz nor WebAssembly; ${HOW}`);
};

/** Reads a bundle, told by how it begins. Throws `UnusableBundle`. */
export const readBundle = async (bytes: Uint8Array, options: BundleOptions = {}): Promise<Bundle> => {
  const { verifyKeys, name = 'the bundle' } = options;
  try {
    return { digest: bundleDigest(bytes), ...(await readContent(bytes, verifyKeys)) };
  } catch (cause) {
    if (!(cause instanceof UnusableBundle)) throw cause;
    throw new UnusableBundle(`${name} cannot be used: ${cause.message}`, { cause });
  }
};
