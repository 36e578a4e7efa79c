/**
 * Keys in files that somebody replaces while we run, as Kubernetes does with a mounted Secret: they are read again after a
 * while, so that a rotation needs no restart.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Unavailable } from '../scans/unavailable.ts';
import { type PublicKey, readPublicKeys, UnusableKey } from './keys.ts';

/** A private key, as verdicts are signed with it. */
export interface SigningKey {
  readonly kid?: string;
  readonly alg: string;
  readonly key: KeyObject;
}

/** Milliseconds for which what was read is used. */
const FRESH_FOR = 10_000;

export const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UnusableKey(basename(file), 'cannot be read', { cause });
  }
};

/**
 * What is in files, read again where it is older than a few seconds. While they are being replaced, or are wrong, what
 * was read before stands; where there is none, it is for the sender to try again.
 */
export const kept = <T>(read: () => Promise<T>, now: () => number): (() => Promise<T>) => {
  let last: { readonly value: T; readonly at: number } | undefined;
  return async () => {
    if (last !== undefined && now() - last.at < FRESH_FOR) return last.value;
    try {
      last = { value: await read(), at: now() };
    } catch (error) {
      if (!(error instanceof UnusableKey)) throw error;
      if (last === undefined) throw new Unavailable(error.message, { cause: error });
    }
    return last.value;
  };
};

/** The public keys in files, as they are now. Rejects with `Unavailable` where there never were any. */
export const publicKeysIn = (
  files: readonly string[],
  now: () => number = performance.now.bind(performance),
): (() => Promise<readonly PublicKey[]>) =>
  kept(async () => {
    const read = files.map(async (file) => ({ name: basename(file), text: await textOf(file) }));
    return readPublicKeys(await Promise.all(read));
  }, now);

const privateKeyOf = (name: string, text: string): { readonly key: KeyObject; readonly kid?: string } => {
  try {
    if (!text.trimStart().startsWith('{')) return { key: createPrivateKey(text) };
    const jwk = JSON.parse(text);
    return { key: createPrivateKey({ key: jwk, format: 'jwk' }), ...(typeof jwk.kid === 'string' && { kid: jwk.kid }) };
  } catch {
    // The cause could quote the key.
    throw new UnusableKey(name, 'holds no private key that can be read');
  }
};

/** The algorithm of each type of key that we sign with. */
const ALGORITHM: ReadonlyMap<string, string> = new Map([
  ['ed25519', 'EdDSA'],
  ['ec prime256v1', 'ES256'],
  ['ec secp384r1', 'ES384'],
  ['ec secp521r1', 'ES512'],
  ['rsa', 'PS256'],
]);

/** The private key in a file, PEM or JSON Web Key, as it is now. Rejects with `Unavailable` where there never was one. */
export const signingKeyIn = (
  file: string,
  now: () => number = performance.now.bind(performance),
): (() => Promise<SigningKey>) =>
  kept(async () => {
    const name = basename(file);
    const { key, ...kid } = privateKeyOf(name, await textOf(file));
    const type = [key.asymmetricKeyType, key.asymmetricKeyDetails?.namedCurve].filter(Boolean).join(' ');
    const alg = ALGORITHM.get(type);
    if (alg === undefined)
      throw new UnusableKey(name, `holds a key of type ${type}, not Ed25519, P-256, P-384, P-521 or RSA`);
    return { key, alg, ...kid };
  }, now);
