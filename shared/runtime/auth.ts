/**
 * Who may send events here, and what: the credentials of AUTH_CONFIG, held against what a message brings along.
 *
 * It is judged before anybody looks into the body. A header `authorization` is judged alone; without one, a signature.
 */
import { Refused } from '../events/rejected.ts';
import type { Arriving, Authenticate, Caller } from './auth-caller.ts';
import type { AuthConfig } from './auth-config.ts';
import { openSignatures } from './auth-hmac.ts';
import { type Clocks, openOidc } from './auth-oidc.ts';
import { openTokens } from './auth-tokens.ts';

/** Characters of a token: what is longer is not looked at. */
const MOST_CHARACTERS = 8_192;

/** @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
const BEARER = /^bearer +([\x21-\x7e]+)$/i;
const SIGNED_BY_ISSUER = /^[\w-]+\.[\w-]+\.[\w-]*$/;

const refuse = (problem: string): Refused => new Refused(`authorization: ${problem}`, { status: 401 });

/** The bearer token of a message; `undefined` where it brings none. Throws `Refused`. */
const tokenOf = ({ headers }: Arriving): string | undefined => {
  const values = headers.filter(([name]) => name.toLowerCase() === 'authorization').map(([, value]) => value);
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1) throw refuse('the header must stand once');
  if (value.length > MOST_CHARACTERS) throw refuse(`must not be longer than ${MOST_CHARACTERS} characters`);
  const [, token] = BEARER.exec(value) ?? [];
  if (token === undefined) throw refuse('must be Bearer and a token');
  return token;
};

const CLOCKS: Clocks = { wall: Date.now, steady: performance.now.bind(performance) };

/** Judges messages by the configuration. Rejects with `Unavailable` where a file of secrets cannot be used. */
export const openAuthentication = async (
  { credentials }: AuthConfig,
  clocks: Clocks = CLOCKS,
): Promise<Authenticate> => {
  const callers = credentials.map(({ allows, ...credential }) => ({ ...credential, allowed: allows }));
  const tokens = openTokens(
    callers.flatMap(({ tokens, ...caller }) => (tokens ? [{ ...caller, tokens }] : [])),
    clocks.steady,
  );
  const signatures = openSignatures(
    callers.flatMap(({ hmac, ...caller }) => (hmac ? [{ ...caller, hmac }] : [])),
    clocks,
  );
  const ofIssuer = openOidc(
    callers.flatMap(({ oidc, ...caller }) => (oidc ? [{ ...caller, oidc }] : [])),
    clocks,
  );
  await Promise.all([tokens.check(), signatures.check()]);
  return async (message): Promise<Caller> => {
    const token = tokenOf(message);
    if (token === undefined) return signatures.callerOf(message);
    const known = await tokens.callerOf(token);
    if (known !== undefined) return known;
    if (SIGNED_BY_ISSUER.test(token)) return ofIssuer(token);
    throw refuse('the token is not one that is accepted here');
  };
};
