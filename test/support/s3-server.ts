/** An object store on this machine that speaks as S3 does, errors included, for as much of it as reading needs. */
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach } from '@jest/globals';
import { type SourceServer, sourceServers } from './source-servers.ts';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const STATUS_OF = {
  AccessDenied: 403,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidObjectState: 403,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  PermanentRedirect: 301,
  SlowDown: 503,
} as const;

export type S3Error = keyof typeof STATUS_OF;

/** What is kept under a bucket and key; or what goes wrong instead. */
export type Kept =
  | string
  | { readonly error: S3Error }
  | { readonly encoding: string; readonly body: string }
  | ((response: ServerResponse) => void);

const sendError = (response: ServerResponse, code: S3Error, path: string): unknown => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}, said plainly.</Message><Resource>${path}</Resource><RequestId>4442587FB7D0A2F9</RequestId></Error>`;
  return response.writeHead(STATUS_OF[code], { 'content-type': 'application/xml' }).end(xml);
};

const send = (response: ServerResponse, kept: Kept | undefined, path: string): unknown => {
  if (kept === undefined) return sendError(response, 'NoSuchKey', path);
  if (typeof kept === 'function') return kept(response);
  if (typeof kept === 'string') return response.setHeader('etag', '"1"').end(kept);
  if ('error' in kept) return sendError(response, kept.error, path);
  return response.setHeader('content-encoding', kept.encoding).end(kept.body);
};

const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_REGION: 'eu-central-1',
  AWS_MAX_ATTEMPTS: '1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
} as const;

/** Sets what the SDK looks for in the environment, for one test. Call it where tests are described. */
export const awsEnvironment = (): ((variables: Readonly<Record<string, string>>) => void) => {
  let before: NodeJS.ProcessEnv = {};
  beforeEach(() => {
    before = { ...process.env };
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });
  return (variables) => void Object.assign(process.env, ENVIRONMENT, variables);
};

/** Call it where tests are described: what it gives opens a store with these objects, by `/BUCKET/KEY`, for one test. */
export const s3Servers = (): ((objects: Readonly<Record<string, Kept>>) => Promise<SourceServer>) => {
  const serve = sourceServers();
  const environment = awsEnvironment();
  return async (objects) => {
    const server = await serve(
      ({ url = '' }, response) => {
        const path = decodeURIComponent(url.split('?', 1)[0] ?? '');
        send(response, objects[path], path);
      },
      { tls: false },
    );
    // By a name: at an address the SDK would put buckets into the path unasked.
    environment({ AWS_ENDPOINT_URL: `http://localhost:${server.port}` });
    return server;
  };
};
