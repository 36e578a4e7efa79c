/** Tokens of an issuer: what makes one good, every way in which one is not, and what becomes of the issuer meanwhile. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { authenticationOf, bearing, judgedToken, stoppedClock } from '../support/auth-credentials.ts';
import {
  type Issuer,
  issuers,
  NOW,
  newKey,
  publicJwk,
  sharedSecretSigner,
  signerOf,
  type TokenKey,
  tokenBy,
} from '../support/auth-issuer.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { stopTimers } from '../support/clock.ts';
import { errorOf } from '../support/error-of.ts';

const openIssuer = issuers();
const folder = temporaryFolder();
afterEach(() => {
  jest.useRealTimers();
});

const key = newKey('key-1');

const opened = async (more: JsonObject = {}, ...keys: readonly TokenKey[]) => {
  const issuer = await openIssuer(...(keys.length === 0 ? [key] : keys));
  const clock = stoppedClock();
  const authenticate = await authenticationOf([{ oidc: { ...issuer.settings, ...more } }], clock.clocks);
  return { issuer, authenticate, pass: clock.pass };
};

describe('a token of an issuer', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)('lets in who shows it, signed with %s', async (alg) => {
    const own = newKey('own', alg);
    const { issuer, authenticate } = await opened({}, own);
    expect(await judgedToken(authenticate, issuer.token(own))).toBe('c-0');
  });

  it.each<[what: string, claims: JsonObject]>([
    ['that expires now, by a clock that is a minute slow', { exp: NOW - 59 }],
    ['that is valid in a minute', { nbf: NOW + 60 }],
    ['for several audiences, of which we are one', { aud: ['other', 'scan-status'] }],
  ])('may be one %s', async (_, claims) => {
    const { issuer, authenticate } = await opened();
    expect(await judgedToken(authenticate, issuer.token(key, claims))).toBe('c-0');
  });

  it.each<[what: string, status: number, token: (issuer: Issuer) => string]>([
    ['has expired', 401, ({ token }) => token(key, { exp: NOW - 61 })],
    ['never expires', 401, ({ token }) => token(key, { exp: undefined })],
    ['is not valid yet', 401, ({ token }) => token(key, { nbf: NOW + 62 })],
    ['is meant for somebody else', 401, ({ token }) => token(key, { aud: 'other' })],
    ['is meant for nobody', 401, ({ token }) => token(key, { aud: undefined })],
    ['is meant for somebody whose name begins like ours', 401, ({ token }) => token(key, { aud: 'scan-status-2' })],
    ['has another subject', 403, ({ token }) => token(key, { sub: 'system:serviceaccount:scans:other' })],
    ['has no subject', 401, ({ token }) => token(key, { sub: undefined })],
    ['has a subject that is no text', 403, ({ token }) => token(key, { sub: ['system:serviceaccount:scans:sender'] })],
    ['is of another issuer', 401, ({ token, url }) => token(key, { iss: `${url}/other` })],
    ['is of no issuer', 401, ({ token }) => token(key, { iss: undefined })],
    ['is signed with another key', 401, ({ token }) => token({ ...newKey('other'), kid: 'key-1' })],
    ['is signed with a key that is not published', 401, ({ token }) => token(newKey('other'))],
    ['is not signed', 401, ({ claims }) => tokenBy({ alg: 'none' }, claims(), () => Buffer.alloc(0))],
    [
      'is not signed, and names a key',
      401,
      ({ claims }) => tokenBy({ alg: 'none', kid: 'key-1' }, claims(), () => Buffer.from('x')),
    ],
    [
      'is signed with the public key as if it were a secret',
      401,
      ({ claims }) =>
        tokenBy(
          { alg: 'HS256', kid: 'key-1' },
          claims(),
          sharedSecretSigner(key.publicKey.export({ type: 'spki', format: 'pem' }).toString()),
        ),
    ],
    [
      'brings its own key along',
      401,
      ({ claims }) => {
        const own = newKey('key-1');
        return tokenBy({ alg: 'ES256', jwk: publicJwk(own) }, claims(), signerOf(own));
      },
    ],
    [
      'asks for an extension that nobody knows',
      401,
      ({ claims }) => tokenBy({ alg: 'ES256', kid: 'key-1', crit: ['x'], x: 1 }, claims(), signerOf(key)),
    ],
    [
      'names another algorithm than it is signed with',
      401,
      ({ claims }) => tokenBy({ alg: 'RS256', kid: 'key-1' }, claims(), signerOf(key)),
    ],
    [
      'has a payload that was changed',
      401,
      (issuer) => {
        const [header, , signature] = issuer.token(key, { sub: 'other' }).split('.');
        const [, payload] = issuer.token(key).split('.');
        return [header, payload, signature].join('.');
      },
    ],
    ['is no JSON', 401, () => 'a.b.c'],
    ['is empty in all its parts', 401, () => '..'],
    ['is longer than 8 KiB', 401, ({ token }) => token(key, { more: 'x'.repeat(8_192) })],
  ])('lets nobody in that %s (%#)', async (_, status, tokenOf) => {
    const { issuer, authenticate } = await opened();
    expect(await judgedToken(authenticate, tokenOf(issuer))).toBe(status);
    // It is not for another reason that they are not let in.
    expect(await judgedToken(authenticate, issuer.token(key))).toBe('c-0');
  });

  it('may be of any subject only where that is said', async () => {
    const { issuer, authenticate } = await opened({ subjects: '*' });
    expect(await judgedToken(authenticate, issuer.token(key, { sub: 'anybody' }))).toBe('c-0');
  });

  it('is told by subject and audience to be of one credential or another of the same issuer', async () => {
    const issuer = await openIssuer(key);
    const authenticate = await authenticationOf([
      { oidc: { ...issuer.settings, subjects: ['a'] } },
      { oidc: { ...issuer.settings, subjects: ['b'] } },
      { oidc: { ...issuer.settings, subjects: '*', audience: 'replays' } },
    ]);
    const names = [{ sub: 'a' }, { sub: 'b' }, { sub: 'b', aud: 'replays' }, { sub: 'c' }].map((claims) =>
      judgedToken(authenticate, issuer.token(key, claims)),
    );
    expect(await Promise.all(names)).toEqual(['c-0', 'c-1', 'c-2', 403]);
    expect(issuer.asked()).toBe(1);
  });

  it('is refused without a word to its sender of who would be let in; the log hears why', async () => {
    const { issuer, authenticate } = await opened();
    const error = await errorOf(authenticate(bearing(`Bearer ${issuer.token(key, { sub: 'mallory' })}`)));
    expect(error.message).toBe('sub: the subject of the token may not send here');
    expect((error.cause as Error).message).toBe('"mallory" is not a subject of c-0');
    const other = await errorOf(authenticate(bearing(`Bearer ${issuer.token(key, { aud: 'other' })}`)));
    expect([other.message, (other.cause as Error).message]).toEqual([
      'authorization: the token is not one that is accepted here',
      'the token is meant for "other"',
    ]);
    const late = await errorOf(authenticate(bearing(`Bearer ${issuer.token(key, { exp: 1 })}`)));
    expect(late.message).toBe('authorization: the token has expired');
  });
});

describe('the keys of an issuer', () => {
  it('are fetched once for all that come at once, and again after ten minutes', async () => {
    const { issuer, authenticate, pass } = await opened();
    const token = issuer.token(key);
    await Promise.all(Array.from({ length: 20 }, () => judgedToken(authenticate, token)));
    pass(599_000);
    await judgedToken(authenticate, token);
    expect(issuer.asked()).toBe(1);
    pass(1_000);
    expect(await judgedToken(authenticate, issuer.token(key, { exp: NOW + 9_000 }))).toBe('c-0');
    expect(issuer.asked()).toBe(2);
  });

  it('may be replaced: a key that is not known yet is looked for at once, one that was withdrawn is not believed', async () => {
    const { issuer, authenticate, pass } = await opened();
    expect(await judgedToken(authenticate, issuer.token(key))).toBe('c-0');
    pass(30_000);
    const next = newKey('key-2', 'EdDSA');
    issuer.publish(next);
    expect(await judgedToken(authenticate, issuer.token(next))).toBe('c-0');
    expect(await judgedToken(authenticate, issuer.token(key))).toBe(401);
  });

  it('are not asked for more than twice a minute, however many tokens name keys that there are not', async () => {
    const { issuer, authenticate, pass } = await opened();
    for (let round = 0; round < 3; round += 1) {
      const flood = Array.from({ length: 50 }, (_, at) =>
        judgedToken(authenticate, issuer.token(newKey(`${round}-${at}`, 'EdDSA'))),
      );
      expect(new Set(await Promise.all(flood))).toEqual(new Set([401]));
      pass(10_000);
    }
    expect(issuer.asked()).toBe(1);
    pass(1_000);
    expect(await judgedToken(authenticate, issuer.token(newKey('x', 'EdDSA')))).toBe(401);
    expect(issuer.asked()).toBe(2);
  });

  it('do as long as an hour where the issuer cannot be reached, and no longer', async () => {
    const { issuer, authenticate, pass } = await opened();
    const token = issuer.token(key, { exp: NOW + 9_000 });
    expect(await judgedToken(authenticate, token)).toBe('c-0');
    issuer.answer((_, response) => response.writeHead(500).end());
    pass(3_599_000);
    expect(await judgedToken(authenticate, token)).toBe('c-0');
    // A key that is not known may be a new one.
    expect(await judgedToken(authenticate, issuer.token(newKey('other'), { exp: NOW + 9_000 }))).toBe(503);
    pass(1_000);
    expect(await judgedToken(authenticate, token)).toBe(503);
  });

  it('may be asked for in vain, and then not for five seconds', async () => {
    const { issuer, authenticate, pass } = await opened();
    issuer.answer((_, response) => response.writeHead(500).end());
    for (let again = 0; again < 5; again += 1) expect(await judgedToken(authenticate, issuer.token(key))).toBe(503);
    expect(issuer.server.asked).toHaveLength(1);
    pass(5_000);
    expect(await judgedToken(authenticate, issuer.token(key))).toBe(503);
    expect(issuer.server.asked).toHaveLength(2);
  });

  it.each<[what: string, keys: (issuer: Issuer) => string | Buffer]>([
    ['10 MB', () => Buffer.alloc(10 * 1_048_576, ' ')],
    ['no JSON', () => 'keys'],
    ['no object', () => '[]'],
    ['no keys', () => '{}'],
    ['keys that are none', () => '{"keys":[1]}'],
    ['101 keys', () => JSON.stringify({ keys: Array.from({ length: 101 }, () => publicJwk(key)) })],
    ['too deep', () => `{"keys":[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`],
  ])('are for the sender to wait for while the issuer answers %s', async (_, keys) => {
    const { issuer, authenticate } = await opened();
    issuer.answer((path, response) =>
      response.end(
        path === '/keys' ? keys(issuer) : JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }),
      ),
    );
    expect(await judgedToken(authenticate, issuer.token(key))).toBe(503);
  });

  it.each<[what: string, found: (issuer: Issuer) => JsonObject]>([
    ['is of another issuer', ({ url }) => ({ issuer: `${url}/`, jwks_uri: `${url}/keys` })],
    ['names no keys', ({ url }) => ({ issuer: url })],
    ['names keys without TLS', ({ url }) => ({ issuer: url, jwks_uri: `${url.replace('https', 'http')}/keys` })],
  ])('are not looked for where the discovery %s', async (_, found) => {
    const { issuer, authenticate } = await opened();
    issuer.answer((_path, response) => response.end(JSON.stringify(found(issuer))));
    expect(await judgedToken(authenticate, issuer.token(key))).toBe(503);
    expect(issuer.asked()).toBe(0);
  });

  it('are waited for five seconds, and no longer', async () => {
    const { issuer, authenticate } = await opened();
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    issuer.answer(() => resolve());
    stopTimers();
    const late = judgedToken(authenticate, issuer.token(key));
    await asked;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await late).toBe(503);
  });

  it('are fetched from where they are said to be, without a discovery', async () => {
    const issuer = await openIssuer(key);
    const oidc = { ...issuer.settings, jwksUrl: `${issuer.url}/keys` };
    const authenticate = await authenticationOf([{ oidc }]);
    expect(await judgedToken(authenticate, issuer.token(key))).toBe('c-0');
    expect(issuer.server.asked.map(({ url }) => url)).toEqual(['/keys']);
  });

  it('are fetched from private addresses, and by authorities of one’s own, only where that is said', async () => {
    const issuer = await openIssuer(key);
    for (const missing of ['privateAddresses', 'caFile']) {
      const { [missing]: _, ...oidc } = issuer.settings;
      const authenticate = await authenticationOf([{ oidc }]);
      expect(await judgedToken(authenticate, issuer.token(key))).toBe(503);
    }
  });

  it('are not fetched from where the issuer redirects to', async () => {
    const { issuer, authenticate } = await opened();
    issuer.answer((path, response) =>
      path === '/elsewhere' ? response.end('{"keys":[]}') : response.writeHead(302, { location: '/elsewhere' }).end(),
    );
    expect(await judgedToken(authenticate, issuer.token(key))).toBe(503);
    expect(issuer.server.asked).toHaveLength(1);
  });

  it('may be of kinds that are for other ends, and of which nobody makes anything', async () => {
    const { issuer, authenticate } = await opened();
    const foreign = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
    const keys = [{ ...foreign, use: 'enc' }, { kty: 'odd' }, { kty: 'oct', k: 'AAAA', kid: 'key-1' }, publicJwk(key)];
    issuer.answer((path, response) =>
      response.end(
        JSON.stringify(path === '/keys' ? { keys } : { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }),
      ),
    );
    expect(await judgedToken(authenticate, issuer.token(key))).toBe('c-0');
  });

  it('are asked for by no token that names an issuer which is not configured', async () => {
    const { issuer, authenticate } = await opened();
    expect(await judgedToken(authenticate, issuer.token(key, { iss: 'https://127.0.0.1:1' }))).toBe(401);
    expect(issuer.server.asked).toEqual([]);
  });
});

describe('the token that is shown to an issuer', () => {
  it('goes to whom the operator named, and to nobody whom the issuer names', async () => {
    const issuer = await openIssuer(key);
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'mine\n');
    const elsewhere = `${issuer.url.replace('127.0.0.1', 'localhost')}/keys`;
    issuer.answer((path, response) =>
      response.end(
        JSON.stringify(path === '/keys' ? { keys: [publicJwk(key)] } : { issuer: issuer.url, jwks_uri: elsewhere }),
      ),
    );
    const shown = async (more: JsonObject) => {
      const before = issuer.server.asked.length;
      const authenticate = await authenticationOf([{ oidc: { ...issuer.settings, tokenFile, ...more } }]);
      expect(await judgedToken(authenticate, issuer.token(key))).toBe('c-0');
      return issuer.server.asked.slice(before).map(({ url, headers }) => [url, headers.authorization]);
    };
    expect(await shown({})).toEqual([
      ['/.well-known/openid-configuration', 'Bearer mine'],
      ['/keys', undefined],
    ]);
    expect(await shown({ jwksUrl: elsewhere })).toEqual([['/keys', 'Bearer mine']]);
  });
});
