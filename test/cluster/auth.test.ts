/** ServiceAccounts as senders: the tokens that a real API server makes, with itself as the issuer that vouches for them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Authenticate } from '../../shared/runtime/auth-caller.ts';
import { authenticationOf, EVERYTHING, judgedToken } from '../support/auth-credentials.ts';
import { guardedServers } from '../support/auth-server.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { send } from '../support/http-client.ts';
import { startedEvent, structured } from '../support/http-messages.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { kubectlText } from './support/cluster.ts';
import { newNamespace, tokenOf } from './support/scans.ts';

/** The machine may be busy. */
jest.setTimeout(60_000);

const admin = apiOf(cluster());
const serve = guardedServers();
const folder = temporaryFolder();
const [caFile, tokenFile] = [join(folder, 'ca.crt'), join(folder, 'token')];
let namespace = '';

/** A token for an audience, as a projected volume brings it into a pod. */
const projectedToken = async (account: string, audience = 'scan-status'): Promise<string> =>
  (await kubectlText(cluster(), ['create', 'token', account, '-n', namespace, `--audience=${audience}`])).trim();

beforeAll(async () => {
  namespace = await newNamespace(admin, 'senders');
  for (const name of ['sender', 'other', 'receiver'])
    await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  writeFileSync(caFile, cluster().ca);
  // With what the pod of the functions has: the API server shows its keys to every ServiceAccount, and to no stranger.
  writeFileSync(tokenFile, await tokenOf('receiver', namespace));
});

const settings = (more: JsonObject = {}): JsonObject => ({
  issuer: 'https://kubernetes.default.svc',
  audience: 'scan-status',
  subjects: [`system:serviceaccount:${namespace}:sender`],
  jwksUrl: `${cluster().url}/openid/v1/jwks`,
  caFile,
  tokenFile,
  privateAddresses: ['127.0.0.0/8'],
  ...more,
});

const clockAhead = (milliseconds: number) => ({
  wall: () => Date.now() + milliseconds,
  steady: performance.now.bind(performance),
});

const opened = (more: JsonObject = {}, ahead = 0): Promise<Authenticate> =>
  authenticationOf([{ oidc: settings(more) }], clockAhead(ahead));

const decoded = (part = ''): JsonObject => JSON.parse(Buffer.from(part, 'base64url').toString());
const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a ServiceAccount', () => {
  it('sends events with the token that it has for us', async () => {
    const { url, lines } = await serve({}, { authenticate: await opened() });
    const sent = structured(startedEvent());
    const as = async (token: string) => {
      const headers = { 'content-type': 'application/cloudevents+json', authorization: `Bearer ${token}` };
      return (await send(url, { ...sent, headers })).status;
    };
    expect(await as(await projectedToken('other'))).toBe(403);
    expect(await as(await tokenOf('sender', namespace))).toBe(401);
    expect(lines.map(({ outcome }) => outcome)).toEqual(['refused', 'refused']);
    expect(await as(await projectedToken('sender'))).toBe(200);
    expect(lines.at(-1)).toMatchObject({ outcome: 'applied', credential: 'c-0' });
  });

  it('is let in for as long as its token lasts', async () => {
    const token = await projectedToken('sender');
    const { exp } = decoded(token.split('.')[1]);
    const left = Number(exp) * 1_000 - Date.now();
    expect(await judgedToken(await opened({}, left - 5_000), token)).toBe('c-0');
    expect(await judgedToken(await opened({}, left + 61_000), token)).toBe(401);
    expect(await judgedToken(await opened({}, -3_600_000), token)).toBe(401);
  });

  it('is let in by no token that was made for somebody else, changed, not signed, or blown up', async () => {
    const authenticate = await opened();
    const token = await projectedToken('sender');
    const [header, payload, signature] = token.split('.');
    const none = encoded({ ...decoded(header), alg: 'none' });
    const [, others] = (await projectedToken('other')).split('.');
    for (const forged of [
      await projectedToken('sender', 'https://kubernetes.default.svc'),
      [header, others, signature].join('.'),
      [header, encoded({ ...decoded(payload), exp: 4_000_000_000 }), signature].join('.'),
      [none, payload, ''].join('.'),
      [none, payload, signature].join('.'),
      [encoded({ ...decoded(header), alg: 'HS256' }), payload, signature].join('.'),
      [encoded({ ...decoded(header), kid: 'another' }), payload, signature].join('.'),
      [header, payload].join('.'),
      `${token}${'A'.repeat(8_192)}`,
    ])
      expect(await judgedToken(authenticate, forged)).toBe(401);
    expect(await judgedToken(authenticate, token)).toBe('c-0');
  });

  it('may be of any name where the credential says so, and no other issuer vouches for it', async () => {
    const token = await projectedToken('other');
    expect(await judgedToken(await opened({ subjects: '*' }), token)).toBe('c-0');
    expect(await judgedToken(await opened({ subjects: '*', issuer: cluster().url }), token)).toBe(401);
  });

  it('waits where the API server does not show its keys: to strangers, or to those who do not trust it', async () => {
    const token = await projectedToken('sender');
    for (const missing of ['tokenFile', 'caFile', 'privateAddresses']) {
      const { [missing]: _, ...oidc } = settings();
      const authenticate = await authenticationOf([{ oidc, allows: EVERYTHING }], clockAhead(0));
      expect([missing, await judgedToken(authenticate, token)]).toEqual([missing, 503]);
    }
  });
});
