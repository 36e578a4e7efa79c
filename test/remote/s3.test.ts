/** Objects of S3, and what its errors mean. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { NotThere, RefusedSource } from '../../shared/remote/refused-source.ts';
import { openS3, type S3 } from '../../shared/remote/s3.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { errorOf } from '../support/error-of.ts';
import { awsEnvironment, type S3Error, s3Servers } from '../support/s3-server.ts';

const serve = s3Servers();
const environment = awsEnvironment();

const opened: S3[] = [];
afterEach(() => {
  for (const s3 of opened.splice(0)) s3.close();
});

const fetchObject = (url: string, limits: { readonly maximum?: number; readonly deadline?: number } = {}) => {
  const s3 = openS3({ pathStyle: true });
  opened.push(s3);
  return s3.fetch(new URL(url), { maximum: 1_000, deadline: 10_000, ...limits });
};

const URL_OF_REPORT = 's3://scan-reports/team-a/report.json';
const PATH = '/scan-reports/team-a/report.json';

describe('an object', () => {
  it('is read, by its whole key', async () => {
    const server = await serve({ [PATH]: 'hello', '/scan-reports/a b/ü+1.json': 'odd' });
    expect(Buffer.from(await fetchObject(URL_OF_REPORT)).toString()).toBe('hello');
    expect(Buffer.from(await fetchObject('s3://scan-reports/a%20b/ü+1.json')).toString()).toBe('odd');
    expect(server.asked[0]?.headers.authorization).toContain('Credential=AKIAIOSFODNN7EXAMPLE/');
  });

  it('is read over one connection after the other of one client', async () => {
    const server = await serve({ [PATH]: 'hello' });
    const s3 = openS3({ pathStyle: true });
    opened.push(s3);
    for (const _ of [1, 2, 3]) await s3.fetch(new URL(URL_OF_REPORT), { maximum: 5, deadline: 10_000 });
    expect(server.connections().made).toBe(1);
  });

  it.each<[S3Error]>([['NoSuchKey'], ['NoSuchBucket']])('that is not there is refused for good: %s', async (code) => {
    await serve({ [PATH]: { error: code } });
    const error = await errorOf(fetchObject(URL_OF_REPORT));
    expect(error).toBeInstanceOf(NotThere);
    expect(error.message).toBe(`${URL_OF_REPORT} is not there`);
  });

  it.each<[S3Error]>([
    ['AccessDenied'],
    ['InvalidAccessKeyId'],
    ['InvalidObjectState'],
    ['SlowDown'],
    ['InternalError'],
    ['PermanentRedirect'],
  ])('may be had another time after %s', async (code) => {
    await serve({ [PATH]: { error: code } });
    const error = await errorOf(fetchObject(URL_OF_REPORT));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toBe(`${URL_OF_REPORT} cannot be read (${code})`);
  });

  it('may be had another time where nobody answers, or nobody knows us', async () => {
    environment({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
    const unreachable = await errorOf(fetchObject(URL_OF_REPORT));
    expect(unreachable).toBeInstanceOf(Unavailable);
    expect(unreachable.message).toMatch(/^s3:\/\/\S+ cannot be read \(\S.*\)$/);
    environment({ AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' });
    const unknown = await errorOf(fetchObject(URL_OF_REPORT));
    expect(unknown).toBeInstanceOf(Unavailable);
    expect(unknown.message).toBe(`${URL_OF_REPORT} cannot be read (CredentialsProviderError)`);
  });

  it('that is too large is refused, whether it says so or not', async () => {
    const server = await serve({
      [PATH]: 'a'.repeat(1_001),
      '/scan-reports/endless': (response) => {
        const write = (): void => {
          if (!response.destroyed) response.write(Buffer.alloc(1_000), write);
        };
        write();
      },
    });
    for (const url of [URL_OF_REPORT, 's3://scan-reports/endless']) {
      const error = await errorOf(fetchObject(url));
      expect(error).toBeInstanceOf(RefusedSource);
      expect(error.message).toBe(`${url} holds more than the 1000 bytes that are allowed`);
    }
    expect(await fetchObject(URL_OF_REPORT, { maximum: 1_001 })).toHaveLength(1_001);
    for (const s3 of opened.splice(0)) s3.close();
    await server.quiet();
  });

  it('that is compressed for the way is refused', async () => {
    await serve({ [PATH]: { encoding: 'gzip', body: 'abc' } });
    const error = await errorOf(fetchObject(URL_OF_REPORT));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(`${URL_OF_REPORT} has the content encoding gzip; it must have none`);
  });

  it.each<[string, (response: { write: (text: string) => void }) => void]>([
    ['nobody answers', () => undefined],
    ['it never ends', (response) => response.write('abc')],
  ])('may be had another time where %s in time', async (_, answer) => {
    const server = await serve({ [PATH]: answer });
    const error = await errorOf(fetchObject(URL_OF_REPORT, { deadline: 300 }));
    expect(String(error)).toBe(`Unavailable: ${URL_OF_REPORT} gave no whole answer within 0.3 seconds`);
    await server.quiet();
  });
});
