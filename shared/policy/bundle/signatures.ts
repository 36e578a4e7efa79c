/**
 * The signature of a bundle: a JSON Web Token that holds the hash of every file.
 *
 * Where keys are configured a bundle must be signed, and where a bundle is signed there must be a key to check it with:
 * a signature that nobody can check is no reason to trust what it signs.
 *
 * @see https://www.openpolicyagent.org/docs/management-bundles#signing
 */
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { JWSSignatureVerificationFailed } from 'jose/errors';
import { compactVerify } from 'jose/jws/compact/verify';
import * as z from 'zod';
import type { PublicKey } from '../keys.ts';
import { bundleJson, checkedBySchema } from './bundle-json.ts';
import { fileHash } from './file-hash.ts';
import type { Files } from './tar.ts';
import { shownName, UnusableBundle } from './unusable-bundle.ts';

/** What bundles are signed with. */
export interface BundleKeys {
  readonly publicKeys: readonly PublicKey[];
  /** What is shared with a signer who signs by HMAC (`opa sign --signing-alg HS256`); whoever can check can sign. */
  readonly secrets?: readonly { readonly kid?: string; readonly secret: Uint8Array }[];
  /** What the signature must say that the bundle is for (OPA's `scope`); absent, it must say nothing. */
  readonly scope?: string;
}

const NAME = '.signatures.json';
const MOST_FILES = 10_000;

const signaturesSchema = z.object({
  signatures: z.array(z.string()).length(1, 'must hold one signature, as OPA wants it'),
  plugin: z.literal('_default', { error: 'names a plugin, which we do not have' }).optional(),
});

const signedFiles = z.object({
  files: z.array(z.object({ name: z.string(), hash: z.string(), algorithm: z.string() })).max(MOST_FILES),
  keyid: z.string().optional(),
  scope: z.string().default(''),
});

type SignedFile = z.infer<typeof signedFiles>['files'][number];

interface Candidate {
  readonly kid?: string;
  readonly algs: readonly string[];
  readonly key: PublicKey['key'] | Uint8Array;
}

const HMAC = ['HS256', 'HS384', 'HS512'];

const candidatesOf = ({ publicKeys, secrets = [] }: BundleKeys): readonly Candidate[] => [
  ...publicKeys,
  ...secrets.map(({ secret, ...named }) => ({ ...named, algs: HMAC, key: secret })),
];

/** What a token says about itself before anybody has checked it: enough to choose a key, and no more. */
const claimedBy = (token: string): { readonly alg: string; readonly kid?: string } => {
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    return { alg: String(alg), ...(kid !== undefined && { kid: String(kid) }) };
  } catch (cause) {
    throw new UnusableBundle(`${NAME}: holds no JSON Web Token`, { cause });
  }
};

/** The keys that may have made the signature: those of its name, and those without one. */
const keysFor = (token: string, keys: BundleKeys): readonly Candidate[] => {
  const { alg, kid } = claimedBy(token);
  const all = candidatesOf(keys);
  const named = all.filter((key) => kid === undefined || key.kid === undefined || key.kid === kid);
  const found = named.filter(({ algs }) => algs.includes(alg));
  if (found.length > 0) return found;
  if (all.length === 0)
    throw new UnusableBundle(`${NAME}: the bundle is signed, and no key is configured to check it with`);
  const wanted = [shownName(alg), ...(kid === undefined ? [] : [`named ${shownName(kid)}`])].join(' ');
  throw new UnusableBundle(`${NAME}: is signed with a key (${wanted}) that is not among those configured`);
};

/** The payload, if one of the keys signed it. */
const verified = async (token: string, candidates: readonly Candidate[]): Promise<unknown> => {
  for (const { key, algs } of candidates) {
    try {
      const { payload } = await compactVerify(token, key, { algorithms: [...algs] });
      return bundleJson(NAME, payload);
    } catch (cause) {
      if (cause instanceof UnusableBundle) throw cause;
      if (!(cause instanceof JWSSignatureVerificationFailed))
        throw new UnusableBundle(`${NAME}: the signature cannot be checked`, { cause });
    }
  }
  throw new UnusableBundle(`${NAME}: the signature is not by any of the keys configured`);
};

const checkFile = (files: Files, { name, hash, algorithm }: SignedFile): void => {
  const shown = shownName(name);
  const bytes = files.get(name);
  if (bytes === undefined) throw new UnusableBundle(`${NAME}: ${shown} is signed, but not there`);
  const found = fileHash(name, bytes, algorithm);
  if (found === undefined)
    throw new UnusableBundle(`${NAME}: ${shown} is hashed by ${shownName(algorithm)}, which is not taken`);
  if (found !== hash.toLowerCase()) throw new UnusableBundle(`${NAME}: ${shown} is not what was signed`);
};

const checkFiles = (files: Files, signed: readonly SignedFile[]): void => {
  const names = new Set(signed.map(({ name }) => name));
  const unsigned = files.keys().find((name) => name !== NAME && !names.has(name));
  if (unsigned !== undefined) throw new UnusableBundle(`${NAME}: ${shownName(unsigned)} is not signed`);
  for (const file of signed) checkFile(files, file);
};

/** Checks the signature of a bundle and every file against it. Throws `UnusableBundle`. */
export const checkSignature = async (files: Files, keys: BundleKeys | undefined): Promise<void> => {
  const bytes = files.get(NAME);
  if (bytes === undefined) {
    if (keys !== undefined)
      throw new UnusableBundle('it is not signed, and keys are configured: build it with opa build --signing-key');
    return;
  }
  const { signatures } = checkedBySchema(NAME, signaturesSchema, bundleJson(NAME, bytes));
  const [token = ''] = signatures;
  const { scope = '', ...known } = keys ?? { publicKeys: [] };
  const payload = await verified(token, keysFor(token, known));
  const { files: signed, scope: told } = checkedBySchema(NAME, signedFiles, payload);
  if (told !== scope)
    throw new UnusableBundle(
      `${NAME}: is signed for the scope ${JSON.stringify(shownName(told))}, not ${JSON.stringify(scope)}`,
    );
  checkFiles(files, signed);
};
