/**
 * Public keys that signatures are checked with, read from files: PEM, a JSON Web Key, or a set of them.
 *
 * There may be several at once, so that a key can be replaced while what the old one signed is still about.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';

export interface PublicKey {
  /** By which a signature names its key; a PEM has none. */
  readonly kid?: string;
  /** The algorithms of signatures (RFC 7518 §3.1, RFC 8037) that are checked with this key; never one of a shared secret. */
  readonly algs: readonly string[];
  readonly key: KeyObject;
}

/** A file of keys: its name, for errors, and what it holds. */
export interface KeyFile {
  readonly name: string;
  readonly text: string;
}

/** A file from which no public key can be read; the text says which and why, and nothing of what it holds. */
export class UnusableKey extends Error {
  constructor(name: string, problem: string, options?: ErrorOptions) {
    super(`${name}: ${problem}`, options);
    this.name = 'UnusableKey';
  }
}

const IS_PRIVATE = 'holds a private key; its public key is all that is needed';
const MOST_CHARACTERS = 262_144;
const MOST_KEYS = 100;
const LEAST_RSA_BITS = 2_048;

const ALGORITHMS_OF_TYPE: ReadonlyMap<string, readonly string[]> = new Map([
  ['ed25519', ['EdDSA', 'Ed25519']],
  ['ec prime256v1', ['ES256']],
  ['ec secp384r1', ['ES384']],
  ['ec secp521r1', ['ES512']],
  ['rsa', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
]);

const PEM = /-----BEGIN ([A-Z0-9 ]{1,32})-----[A-Za-z0-9+/=\s]*-----END \1-----/g;
const PUBLIC_PEM = new Set(['PUBLIC KEY', 'RSA PUBLIC KEY']);

const jwk = z.looseObject({
  kty: z.string(),
  kid: z.string().min(1).max(256).optional(),
  alg: z.string().optional(),
  use: z.literal('sig').optional(),
});
const jwks = z.object({ keys: z.array(z.unknown()).min(1).max(MOST_KEYS) });

/** Makes the key, whichever way it is written. What the library says of it is kept as cause: it may quote the file. */
const keyOf = (name: string, make: () => KeyObject): KeyObject => {
  try {
    return make();
  } catch (cause) {
    throw new UnusableKey(name, 'holds no public key that can be read', { cause });
  }
};

/** What a key can be used for; with `alg` just that. */
const algorithmsOf = (name: string, key: KeyObject, alg?: string): readonly string[] => {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const type = [key.asymmetricKeyType, namedCurve].join(' ').trim();
  const possible = ALGORITHMS_OF_TYPE.get(type);
  if (possible === undefined)
    throw new UnusableKey(name, `holds a key of type ${type}, not Ed25519, P-256, P-384, P-521 or RSA`);
  if (type === 'rsa' && modulusLength < LEAST_RSA_BITS)
    throw new UnusableKey(name, `holds an RSA key of ${modulusLength} bits, fewer than ${LEAST_RSA_BITS}`);
  if (alg === undefined) return possible;
  if (possible.includes(alg)) return [alg];
  throw new UnusableKey(name, `holds a key for another algorithm than its type has: ${possible.join(', ')}`);
};

const keyOfPem = (name: string, [pem, label = '']: RegExpExecArray): PublicKey => {
  if (label.includes('PRIVATE')) throw new UnusableKey(name, IS_PRIVATE);
  if (!PUBLIC_PEM.has(label)) throw new UnusableKey(name, `holds a ${label.toLowerCase()}, not a public key`);
  const key = keyOf(name, () => createPublicKey(pem));
  return { algs: algorithmsOf(name, key), key };
};

const jwkOf = (name: string, value: unknown): z.infer<typeof jwk> => {
  const { data, error } = jwk.safeParse(value);
  if (data === undefined) throw new UnusableKey(name, 'holds no JSON Web Key for signatures', { cause: error });
  if (data.kty === 'oct') throw new UnusableKey(name, 'holds a shared secret, not a public key');
  return data;
};

const keyOfJwk = (name: string, value: unknown): PublicKey => {
  const { kid, alg, ...known } = jwkOf(name, value);
  if (known.d !== undefined) throw new UnusableKey(name, IS_PRIVATE);
  const key = keyOf(name, () => createPublicKey({ key: known, format: 'jwk' }));
  return { ...(kid !== undefined && { kid }), algs: algorithmsOf(name, key, alg), key };
};

const jsonOf = (name: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableKey(name, 'is neither PEM nor a JSON Web Key');
  }
};

const keysOfFile = ({ name, text }: KeyFile): readonly PublicKey[] => {
  if (text.length > MOST_CHARACTERS) throw new UnusableKey(name, 'is too large for a file of keys');
  const pems = [...text.matchAll(PEM)];
  if (pems.length > 0) return pems.map((pem) => keyOfPem(name, pem));
  const value = jsonOf(name, text);
  const set = jwks.safeParse(value);
  return (set.success ? set.data.keys : [value]).map((one) => keyOfJwk(name, one));
};

/** All keys of these files, in their order. Throws `UnusableKey`. */
export const readPublicKeys = (files: readonly KeyFile[]): readonly PublicKey[] => {
  const keys = files.flatMap(keysOfFile);
  if (keys.length <= MOST_KEYS) return keys;
  throw new UnusableKey(files.map(({ name }) => name).join(', '), `hold more than ${MOST_KEYS} keys`);
};
