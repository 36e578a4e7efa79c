/**
 * The hash of a bundle's file as its signature tells it. Of JSON that OPA reads it is the hash of the value and not of
 * the text, so that white space and the order of keys do not matter.
 *
 * @see https://www.openpolicyagent.org/docs/management-bundles#signature-format
 */
import { createHash } from 'node:crypto';
import { bundleJson, bundleText } from './bundle-json.ts';

/** OPA's names of algorithms, and Node's. MD5 and SHA-1, which OPA would take as well, prove nothing any more. */
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['SHA-224', 'sha224'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
  ['SHA-512-224', 'sha512-224'],
  ['SHA-512-256', 'sha512-256'],
]);

const STRUCTURED = /(?:^|\/)(?:data\.json|\.manifest)$/;

/** A number as it was written: OPA hashes `1.0` and `1` differently. */
class Numeral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The context is that of JSON.parse's source text access, a proposal that Node has. */
const keepNumerals = (_: string, value: unknown, { source }: { readonly source?: string } = {}): unknown =>
  typeof value === 'number' ? new Numeral(source ?? String(value)) : value;

/** A text as Go's encoder writes it without HTML escapes. */
const quoted = (text: string): string =>
  JSON.stringify(text.toWellFormed()).replace(/[\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16)}`);

const canonicalOf = (value: unknown): string => {
  if (value instanceof Numeral) return value.text;
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(canonicalOf).join(',')}]`;
  if (value === null || typeof value !== 'object') return String(value);
  // Go compares the bytes of UTF-8, which order some characters otherwise than UTF-16 does.
  const members = Object.entries(value)
    .map(([key, member]) => ({ key, member, bytes: Buffer.from(key) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ key, member }) => `${quoted(key)}:${canonicalOf(member)}`);
  return `{${members.join(',')}}`;
};

/** In hexadecimal; `undefined` for an algorithm that we do not take. Throws `UnusableBundle` where JSON is none. */
export const fileHash = (name: string, bytes: Uint8Array, algorithm: string): string | undefined => {
  const known = ALGORITHMS.get(algorithm);
  if (known === undefined) return undefined;
  if (!STRUCTURED.test(name)) return createHash(known).update(bytes).digest('hex');
  // What nests too deep is refused before it is walked.
  bundleJson(name, bytes);
  const value: unknown = JSON.parse(bundleText(name, bytes), keepNumerals);
  return createHash(known).update(canonicalOf(value)).digest('hex');
};
