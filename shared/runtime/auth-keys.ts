/**
 * The keys of an issuer of tokens, fetched from where it publishes them.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { OidcSettings } from './auth-config.ts';

/** What tells where an issuer's keys are, and how to get there. */
export type IssuerSettings = Pick<OidcSettings, 'issuer' | 'jwksUrl' | 'caFile' | 'tokenFile' | 'privateAddresses'>;

/** A JSON Web Key Set (RFC 7517 §5), of which nothing is known but that it is small. */
export interface KeySet {
  readonly keys: JsonObject[];
}

const MOST_BYTES = 262_144;
const MOST_KEYS = 100;
/** A key set has a type of its own (RFC 7517 §8.5.2), and an API server gives it as no other. */
const ACCEPT = 'application/jwk-set+json, application/json';
/** Milliseconds for all that is to be asked: a sender waits for its answer. */
const DEADLINE = 5_000;

const textOf = async (file: string): Promise<string> => {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new Unavailable(`${basename(file)} cannot be read`, { cause });
  }
};

const jsonOf = (url: URL, body: Uint8Array): JsonObject => {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (isJsonObject(value)) return value;
  } catch {
    // What is wrong with it is the issuer's business.
  }
  throw new Unavailable(`${url.origin}${url.pathname} holds no JSON object`);
};

/** Where the issuer says that it says where its keys are: @see OpenID Connect Discovery §4 */
const discoveryUrl = (issuer: string): URL => new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);

/** The address of the keys. What calls itself another issuer must not be believed (§4.3). */
const keysUrlOf = (issuer: string, found: JsonObject): URL => {
  const url = typeof found.jwks_uri === 'string' ? URL.parse(found.jwks_uri) : null;
  if (found.issuer !== issuer) throw new Unavailable(`the discovery of ${issuer} is that of another issuer`);
  if (url?.protocol !== 'https:')
    throw new Unavailable(`the discovery of ${issuer} names no https address of its keys`);
  return url;
};

const keySetOf = (issuer: string, found: JsonObject): KeySet => {
  const { keys } = found;
  if (!Array.isArray(keys) || !keys.every(isJsonObject)) throw new Unavailable(`the keys of ${issuer} are no key set`);
  if (keys.length > MOST_KEYS) throw new Unavailable(`${issuer} has more than ${MOST_KEYS} keys`);
  return { keys };
};

/** Asks one address, which may send us nowhere else. */
const ask = async (url: URL, settings: IssuerSettings): Promise<JsonObject> => {
  const { issuer, jwksUrl, caFile, tokenFile, privateAddresses } = settings;
  // Loaded only where there is an issuer to be asked.
  const [{ guardedFetch }, { RefusedSource }] = await Promise.all([
    import('../remote/guarded-fetch.ts'),
    import('../remote/refused-source.ts'),
  ]);
  // A token is for whom the operator named, not for whom the issuer names.
  const isNamed = [issuer, jwksUrl].some((named) => named !== undefined && new URL(named).origin === url.origin);
  const headers = tokenFile !== undefined && isNamed ? { authorization: `Bearer ${await textOf(tokenFile)}` } : {};
  try {
    const { body } = await guardedFetch(url, {
      allows: ({ href }) => href === url.href,
      privateAddresses,
      maximum: MOST_BYTES,
      deadline: DEADLINE,
      headers: { accept: ACCEPT, ...headers },
      ...(caFile !== undefined && { ca: await textOf(caFile) }),
    });
    return jsonOf(url, body);
  } catch (cause) {
    // Whatever the issuer does, whoever shows its token is not to blame, and may try again.
    if (cause instanceof RefusedSource) throw new Unavailable(cause.message, { cause });
    throw cause;
  }
};

/** The keys as the issuer publishes them now. Rejects with `Unavailable`. */
export const fetchKeys = async (settings: IssuerSettings): Promise<KeySet> => {
  const { issuer, jwksUrl } = settings;
  const { within } = await import('../remote/within.ts');
  return within(DEADLINE, `${issuer} gave no keys within ${DEADLINE / 1_000} seconds`, async () => {
    const url = jwksUrl === undefined ? keysUrlOf(issuer, await ask(discoveryUrl(issuer), settings)) : new URL(jwksUrl);
    return keySetOf(issuer, await ask(url, settings));
  });
};
