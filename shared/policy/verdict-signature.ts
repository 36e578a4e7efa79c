/**
 * Signatures of verdicts: a verdict opens a release gate, and a broker hides who sent an event.
 *
 * `scansignature` is a detached JWS over the canonical JSON (RFC 8785) of the event's data.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7515#appendix-F (detached content)
 */
import { FlattenedSign } from 'jose/jws/flattened/sign';
import { flattenedVerify } from 'jose/jws/flattened/verify';
import { canonicalJson } from '../conditions/canonical.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { Event } from '../events/event.ts';
import { Refused } from '../events/rejected.ts';
import type { SigningKey } from './key-files.ts';
import type { PublicKey } from './keys.ts';

export const SIGNATURE = 'scansignature';

const encoder = new TextEncoder();
const contentOf = (data: JsonObject): Uint8Array => encoder.encode(canonicalJson(data));

/** Signs the data of verdicts with the key that is in use. */
export const signWith =
  (current: () => Promise<SigningKey>): ((data: JsonObject) => Promise<string>) =>
  async (data) => {
    const { key, alg, kid } = await current();
    const header = { alg, ...(kid !== undefined && { kid }) };
    const jws = await new FlattenedSign(contentOf(data)).setProtectedHeader(header).sign(key);
    return `${jws.protected}..${jws.signature}`;
  };

/** The header and signature around the content that is not there. */
const DETACHED = /^([\w-]+)\.\.([\w-]+)$/;

const isSignedBy = async (
  { key, algs }: PublicKey,
  jws: { readonly protected: string; readonly payload: string; readonly signature: string },
): Promise<boolean> => {
  try {
    // With the algorithms of the key itself: what the header asks for is the sender's to write.
    await flattenedVerify(jws, key, { algorithms: [...algs] });
    return true;
  } catch {
    return false;
  }
};

/**
 * Checks the signature of events against any of the keys in use: several at once, so that they can be rotated.
 *
 * What it gives back throws `Refused`: 401 without a signature, 403 where no key made it over these very data.
 */
export const verifyWith =
  (current: () => Promise<readonly PublicKey[]>): ((event: Event) => Promise<void>) =>
  async ({ data, extensions }) => {
    const signature = extensions[SIGNATURE];
    if (signature === undefined) throw new Refused(`${SIGNATURE}: a verdict must be signed`, { status: 401 });
    const [, header, signed] = DETACHED.exec(String(signature)) ?? [];
    if (header === undefined || signed === undefined)
      throw new Refused(`${SIGNATURE}: must be a detached JWS`, { status: 403 });
    const payload = Buffer.from(contentOf(data)).toString('base64url');
    for (const key of await current())
      if (await isSignedBy(key, { protected: header, payload, signature: signed })) return;
    throw new Refused(`${SIGNATURE}: is not by a key that is known here, or not over these data`, { status: 403 });
  };
