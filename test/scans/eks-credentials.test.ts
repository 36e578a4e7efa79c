/** The credentials of AWS: where they are looked for, and what is told where there are none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { awsCredentials } from '../../shared/scans/aws-credentials.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { stopTimers } from '../support/clock.ts';
import { type AwsAnswer, awsError, awsServers } from '../support/eks-services.ts';
import { errorOf } from '../support/error-of.ts';

const serve = awsServers();
const folder = temporaryFolder();
afterEach(() => void jest.useRealTimers());

/** Milliseconds in which what is to happen at once has to: the next timer of anybody takes longer. */
const AT_ONCE = 3_000;

const SECRET = 'hunter2/is+nobodys=business';

/** All that an error says, and whatever caused it. */
const wordsOf = (error: unknown): string => (error instanceof Error ? `${error.message}\n${wordsOf(error.cause)}` : '');

/** The one line that is told. */
const problemIn = async (environment: Readonly<Record<string, string>>): Promise<string> => {
  const error = await errorOf(awsCredentials(environment));
  expect(wordsOf(error)).not.toContain(SECRET);
  expect(error.message).not.toContain('\n');
  return error.message;
};

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: SECRET };

describe('credentials in the environment', () => {
  it('are these, with a session token or without', async () => {
    const both = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
    expect(await awsCredentials(KEYS)).toEqual(both);
    expect(await awsCredentials({ ...KEYS, AWS_SESSION_TOKEN: '' })).toEqual(both);
    expect(await awsCredentials({ ...KEYS, AWS_SESSION_TOKEN: 'a/b+c==' })).toEqual({
      ...both,
      sessionToken: 'a/b+c==',
    });
  });

  it('count more than those that the container has', async () => {
    const { url, asked } = await serve({});
    expect(await awsCredentials({ ...KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI: url })).toMatchObject({
      accessKeyId: 'AKIDEXAMPLE',
    });
    expect(asked).toHaveLength(0);
  });

  it.each<[what: string, environment: Readonly<Record<string, string>>, problem: string]>([
    [
      'none',
      { AWS_PROFILE: 'prod' },
      'there are no AWS credentials: neither AWS_ACCESS_KEY_ID nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set',
    ],
    ['half of them', { AWS_ACCESS_KEY_ID: SECRET }, 'AWS_SECRET_ACCESS_KEY is not set'],
    ['the other half', { AWS_SECRET_ACCESS_KEY: SECRET }, 'AWS_ACCESS_KEY_ID is not set'],
    ['a key of two lines', { ...KEYS, AWS_SECRET_ACCESS_KEY: `${SECRET}\n` }, 'AWS_SECRET_ACCESS_KEY is no key'],
    ['a token that is none', { ...KEYS, AWS_SESSION_TOKEN: `ä${SECRET}` }, 'AWS_SESSION_TOKEN is no key'],
    ['a token without end', { ...KEYS, AWS_SESSION_TOKEN: SECRET.repeat(10_000) }, 'AWS_SESSION_TOKEN is too long'],
  ])('are told to be missing or wrong by their variable: %s', async (_, environment, problem) => {
    expect(await problemIn(environment)).toBe(problem);
  });
});

const GIVEN = {
  AccessKeyId: 'ASIDEXAMPLE',
  SecretAccessKey: SECRET,
  Token: 'a/b+c==',
  Expiration: '2026-11-24T05:06:07Z',
};

describe('credentials of a container', () => {
  it(
    'are asked of its host, each time, by the token in a file, which changes',
    async () => {
      const { url, asked, answer, quiet } = await serve(GIVEN);
      const file = join(folder, 'token');
      const environment = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials?role=a`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'not this one',
      };
      writeFileSync(file, 'first\n');
      expect(await awsCredentials(environment)).toEqual({
        accessKeyId: 'ASIDEXAMPLE',
        secretAccessKey: SECRET,
        sessionToken: 'a/b+c==',
        expiresAt: Date.parse('2026-11-24T05:06:07Z'),
      });
      writeFileSync(file, 'second');
      answer({ AccessKeyId: 'AKIDOTHER', SecretAccessKey: SECRET, Token: null, Expiration: 'soon' });
      expect(await awsCredentials(environment)).toEqual({ accessKeyId: 'AKIDOTHER', secretAccessKey: SECRET });
      expect(asked.map(({ url: path, headers }) => `${path} ${headers.authorization}`)).toEqual([
        '/v1/credentials?role=a first',
        '/v1/credentials?role=a second',
      ]);
      await quiet();
    },
    AT_ONCE,
  );

  it('are asked by the token in the environment, or by none', async () => {
    const { url, asked } = await serve(GIVEN);
    const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: url };
    await awsCredentials({ ...environment, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'this' });
    await awsCredentials(environment);
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['this', undefined]);
  });

  it.each([
    'http://credentials.example/',
    'http://169.254.170.20/',
    'http://169.254.170.2.example/',
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'http://[fd00:ec2::24]/',
  ])('are not asked of another machine without TLS: %s', async (uri) => {
    expect(await problemIn({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri })).toBe(
      'AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, unless it is on this machine',
    );
  });

  it.each(['file:///etc/passwd', 'credentials', 'http://'])('are asked of a URL only: %s', async (uri) => {
    expect(await problemIn({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri })).toBe(
      'AWS_CONTAINER_CREDENTIALS_FULL_URI is no http or https URL',
    );
  });

  it('are not asked of a host that a path leads away to', async () => {
    expect(await problemIn({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '.example/v2' })).toMatch(/must be https/);
  });

  it('are not asked where the token’s file is missing, or holds no token', async () => {
    const { url, asked } = await serve(GIVEN);
    const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: url };
    const file = join(folder, 'no-token');
    const withFile = { ...environment, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file };
    expect(await problemIn(withFile)).toBe('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read (ENOENT)');
    writeFileSync(file, `${SECRET}\n${SECRET}`);
    expect(await problemIn(withFile)).toBe('the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is no key');
    expect(await problemIn({ ...environment, AWS_CONTAINER_AUTHORIZATION_TOKEN: `a\n${SECRET}` })).toBe(
      'AWS_CONTAINER_AUTHORIZATION_TOKEN is no key',
    );
    expect(asked).toHaveLength(0);
  });

  it.each<[what: string, answer: AwsAnswer, status: number]>([
    ['refuses', awsError(403), 403],
    ['redirects', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 302],
    ['answers nothing', (response) => response.end(), 200],
    ['answers a text', (response) => response.end(`${SECRET} {`), 200],
    ['answers half', { AccessKeyId: SECRET }, 200],
    ['answers keys that are none', { ...GIVEN, Token: `${SECRET}\r\nx: y` }, 200],
    ['answers too much', { ...GIVEN, padding: SECRET.repeat(20_000) }, 200],
  ])('are told to be missing where the host %s', async (_, answer, status) => {
    const { url } = await serve(answer);
    expect(await problemIn({ AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/${SECRET}` })).toBe(
      `${url} gives no AWS credentials (it answers ${status})`,
    );
  });

  it('are told to be missing where the host is not there, or breaks off', async () => {
    const environment = { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/' };
    expect(await problemIn(environment)).toBe('http://127.0.0.1:1 cannot be reached (ECONNREFUSED)');
    const { url } = await serve((response) => response.destroy());
    expect(await problemIn({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url })).toBe(`${url} does not answer`);
  });

  it(
    'are waited for five seconds',
    async () => {
      stopTimers();
      const waiting = Promise.withResolvers<void>();
      const { url, quiet } = await serve(() => waiting.resolve());
      let isTold = false;
      const problem = problemIn({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url }).finally(() => {
        isTold = true;
      });
      await waiting.promise;
      jest.advanceTimersByTime(4_999);
      await new Promise((resolve) => setImmediate(resolve));
      expect(isTold).toBe(false);
      jest.advanceTimersByTime(1);
      expect(await problem).toBe(`${url} does not answer`);
      await quiet();
    },
    AT_ONCE,
  );
});
