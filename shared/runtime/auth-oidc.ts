/**
 * Bearer tokens that an issuer has signed: JSON Web Tokens, held against the issuer's keys and against what the
 * configuration says of whom they must be from and for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8725 (JSON Web Token best current practices)
 */
import type { JWTPayload, JWTVerifyGetKey } from 'jose';
import { isJsonObject } from '../conditions/status.ts';
import { Refused } from '../events/rejected.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { Caller } from './auth-caller.ts';
import type { OidcSettings } from './auth-config.ts';
import { keptFrom } from './auth-kept.ts';
import { fetchKeys, type IssuerSettings, type KeySet } from './auth-keys.ts';

export interface OidcCredential extends Caller {
  readonly oidc: OidcSettings;
}

/** Clocks, in Unix milliseconds for what tokens say, and in milliseconds for what is kept. */
export interface Clocks {
  readonly wall: () => number;
  readonly steady: () => number;
}

/** Those that need a key of which only the public half is known here. Never `none`, and never a shared secret. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** Seconds by which the issuer's clock may differ. */
const CLOCK_SKEW = 60;
const MOST_SHOWN = 256;

const NOT_ACCEPTED = 'authorization: the token is not one that is accepted here';

const shown = (value: unknown): string => (JSON.stringify(value) ?? '').slice(0, MOST_SHOWN);

/** Refuses a token; `why` is for the log alone. */
const refuse = (why: string, problem = NOT_ACCEPTED, status: 401 | 403 = 401): Refused =>
  new Refused(problem, { status, cause: new Error(why) });

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** What a token says its issuer is: by nothing but its word, which only chooses whose keys must prove it. */
const claimedIssuer = (token: string): string => {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.', 2)[1] ?? '', 'base64url').toString('utf8'));
    if (isJsonObject(payload) && typeof payload.iss === 'string') return payload.iss;
  } catch {
    // It is no token of an issuer.
  }
  throw refuse('the token names no issuer');
};

/** Which key must have signed a token; one that is not known yet may be new. */
const keyIn = async (settings: IssuerSettings, now: () => number): Promise<JWTVerifyGetKey> => {
  const { createLocalJWKSet } = await import('jose/jwks/local');
  const select = (set: KeySet) => createLocalJWKSet(set as Parameters<typeof createLocalJWKSet>[0]);
  const sets = keptFrom(async () => {
    const keys = await fetchKeys(settings);
    try {
      return select(keys);
    } catch (cause) {
      throw new Unavailable(`the keys of ${settings.issuer} are no key set`, { cause });
    }
  }, now);
  return async (header, token) => {
    const known = await sets.current();
    try {
      return await known(header, token);
    } catch (error) {
      const newer = codeOf(error) === 'ERR_JWKS_NO_MATCHING_KEY' ? await sets.newerThan(known) : known;
      if (newer === known) throw error;
      return newer(header, token);
    }
  };
};

const verifiedBy = async (token: string, issuer: string, key: JWTVerifyGetKey, now: number): Promise<JWTPayload> => {
  const { jwtVerify } = await import('jose/jwt/verify');
  try {
    const { payload } = await jwtVerify(token, key, {
      issuer,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'sub', 'aud'],
    });
    return payload;
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    const problem = codeOf(error) === 'ERR_JWT_EXPIRED' ? 'authorization: the token has expired' : NOT_ACCEPTED;
    throw refuse(`${issuer}: ${error instanceof Error ? error.message : 'no token'}`, problem);
  }
};

/** Whose a token is, once it is known to be the issuer's. */
const callerOf = ({ sub = '', aud }: JWTPayload, credentials: readonly OidcCredential[]): Caller => {
  const meant = credentials.filter(({ oidc }) => [aud].flat().includes(oidc.audience));
  if (meant.length === 0) throw refuse(`the token is meant for ${shown(aud)}`);
  const found = meant.find(({ oidc: { subjects } }) => subjects === '*' || subjects.includes(sub));
  if (found !== undefined) return found;
  const names = meant.map(({ name }) => name).join(', ');
  throw refuse(`${shown(sub)} is not a subject of ${names}`, 'sub: the subject of the token may not send here', 403);
};

/** The credentials of one issuer, and its keys, which are fetched when the first token comes. */
interface Issuer {
  readonly credentials: readonly OidcCredential[];
  readonly key: () => Promise<JWTVerifyGetKey>;
}

const issuerOf = (credentials: readonly OidcCredential[], settings: IssuerSettings, now: () => number): Issuer => {
  let key: Promise<JWTVerifyGetKey> | undefined;
  return {
    credentials,
    key: () => {
      key ??= keyIn(settings, now);
      return key;
    },
  };
};

/** Says whose a token is. Throws `Refused`, and `Unavailable` where its issuer's keys cannot be had. */
export const openOidc = (
  credentials: readonly OidcCredential[],
  { wall, steady }: Clocks,
): ((token: string) => Promise<Caller>) => {
  const issuers = new Map(
    credentials.map(({ oidc }) => {
      const own = credentials.filter((one) => one.oidc.issuer === oidc.issuer);
      return [oidc.issuer, issuerOf(own, oidc, steady)];
    }),
  );
  return async (token) => {
    const claimed = claimedIssuer(token);
    const issuer = issuers.get(claimed);
    if (issuer === undefined) throw refuse(`the token is of issuer ${shown(claimed)}`);
    return callerOf(await verifiedBy(token, claimed, await issuer.key(), wall()), issuer.credentials);
  };
};
