/** An issuer of tokens on this machine: its keys over HTTPS, and tokens signed by hand, as an honest or a bad one would. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { temporaryFolder } from './cli-folder.ts';
import { type SourceServer, sourceServers } from './source-servers.ts';

export interface TokenKey {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256' | 'EdDSA';
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const PAIRS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

export const newKey = (kid: string, alg: TokenKey['alg'] = 'ES256'): TokenKey => ({ kid, alg, ...PAIRS[alg]() });

export const publicJwk = ({ kid, alg, publicKey }: TokenKey): JsonObject => ({
  ...publicKey.export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
});

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token of this header and payload, signed by whatever signs. */
export const tokenBy = (header: JsonObject, payload: JsonObject, signer: (content: Buffer) => Buffer): string => {
  const content = `${encoded(header)}.${encoded(payload)}`;
  return `${content}.${signer(Buffer.from(content)).toString('base64url')}`;
};

export const signerOf =
  ({ alg, privateKey }: TokenKey) =>
  (content: Buffer): Buffer =>
    sign(alg === 'EdDSA' ? null : 'sha256', content, { key: privateKey, dsaEncoding: 'ieee-p1363' });

export const sharedSecretSigner =
  (secret: string) =>
  (content: Buffer): Buffer =>
    createHmac('sha256', secret).update(content).digest();

type Answer = (path: string, response: ServerResponse) => void;

export interface Issuer {
  readonly url: string;
  readonly caFile: string;
  readonly server: SourceServer;
  /** The keys that it publishes from now on. */
  readonly publish: (...keys: readonly TokenKey[]) => void;
  /** How it answers from now on, in place of its keys. */
  readonly answer: (answer: Answer) => void;
  /** How often its keys were asked for. */
  readonly asked: () => number;
  /** The payload of a token that is accepted for this audience. */
  readonly claims: (more?: JsonObject) => JsonObject;
  readonly token: (key: TokenKey, claims?: JsonObject) => string;
  /** What a credential says of it. */
  readonly settings: JsonObject;
}

/** The clock of all tests of tokens, in Unix seconds. */
export const NOW = 1_800_000_000;

const json = (response: ServerResponse, value: unknown): void => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
};

/** Call it where tests are described: what it gives opens an issuer for one test. */
export const issuers = (): ((...keys: readonly TokenKey[]) => Promise<Issuer>) => {
  const open = sourceServers();
  const folder = temporaryFolder();
  let count = 0;
  return async (...first) => {
    let keys = first;
    const honest: Answer = (path, response) =>
      path === '/keys'
        ? json(response, { keys: keys.map(publicJwk) })
        : json(response, { issuer: server.url, jwks_uri: `${server.url}/keys` });
    let answer = honest;
    const server = await open(({ url = '', headers: { accept } }, response) => {
      // As an API server does: its keys are of this type, or not to be had.
      if (url === '/keys' && !accept?.includes('application/jwk-set+json')) response.writeHead(406).end();
      else answer(url, response);
    });
    count += 1;
    const caFile = join(folder, `ca-${count}.pem`);
    writeFileSync(caFile, server.ca);
    const claims = (more: JsonObject = {}): JsonObject => ({
      iss: server.url,
      aud: 'scan-status',
      sub: 'system:serviceaccount:scans:sender',
      iat: NOW - 10,
      exp: NOW + 600,
      ...more,
    });
    return {
      url: server.url,
      caFile,
      server,
      publish: (...others) => {
        keys = others;
      },
      answer: (other) => {
        answer = other;
      },
      asked: () => server.asked.filter(({ url }) => url === '/keys').length,
      claims,
      token: (key, more = {}) => tokenBy({ alg: key.alg, kid: key.kid }, claims(more), signerOf(key)),
      settings: {
        issuer: server.url,
        audience: 'scan-status',
        subjects: ['system:serviceaccount:scans:sender'],
        caFile,
        privateAddresses: ['127.0.0.0/8'],
      },
    };
  };
};
