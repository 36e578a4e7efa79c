/** What an event points to, fetched as far as its namespace may. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sourcesSchema } from '../../shared/remote/allow-list.ts';
import { RefusedSource } from '../../shared/remote/refused-source.ts';
import { openSources, type SourceReader } from '../../shared/remote/sources.ts';
import { s3Servers } from '../support/s3-server.ts';
import { type SourceServer, sourceServers } from '../support/source-servers.ts';

const serve = sourceServers();
const serveS3 = s3Servers();

const opened: SourceReader[] = [];
afterEach(() => {
  for (const reader of opened.splice(0)) reader.close();
});

const reader = (namespaces: Readonly<Record<string, readonly string[]>>, server?: SourceServer): SourceReader => {
  const sources = sourcesSchema.parse({ namespaces, privateAddresses: ['127.0.0.0/8'], s3PathStyle: true });
  const read = openSources(sources, server && { ca: server.ca });
  opened.push(read);
  return read;
};

const wanted = { namespace: 'team-a', maximum: 1_000, deadline: 10_000 };
const refusalOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof RefusedSource) return error.message;
    throw error;
  }
  throw new Error('it succeeded');
};

describe('a source', () => {
  it('is fetched over HTTPS or from S3, by its URL', async () => {
    const server = await serve((_, response) => response.end('from https'));
    await serveS3({ '/scan-reports/a.json': 'from s3' });
    const { fetchSource } = reader({ 'team-a': [`${server.url}/a/`, 's3://scan-reports/'] }, server);
    expect(Buffer.from(await fetchSource(`${server.url}/a/b`, wanted)).toString()).toBe('from https');
    expect(Buffer.from(await fetchSource('s3://scan-reports/a.json', wanted)).toString()).toBe('from s3');
  });

  it('over HTTP is fetched where the configuration itself says so', async () => {
    const server = await serve((_, response) => response.end('hello'), { tls: false });
    expect(await reader({ '*': [`${server.url}/`] }).fetchSource(`${server.url}/a`, wanted)).toHaveLength(5);
    const https = server.url.replace('http:', 'https:');
    expect(await refusalOf(reader({ '*': [`${https}/`] }).fetchSource(`${server.url}/a`, wanted))).toBe(
      `${server.url}/a is not an allowed source of namespace team-a`,
    );
  });

  it('of another namespace is refused, and nobody is asked', async () => {
    const server = await serve((_, response) => response.end());
    const s3 = await serveS3({});
    const { fetchSource } = reader({ 'team-b': [`${server.url}/`, 's3://scan-reports/'] }, server);
    expect(await refusalOf(fetchSource(`${server.url}/a?token=secret`, wanted))).toBe(
      `${server.url}/a is not an allowed source of namespace team-a`,
    );
    expect(await refusalOf(fetchSource('s3://scan-reports/a', wanted))).toBe(
      's3://scan-reports/a is not an allowed source of namespace team-a',
    );
    expect([...server.asked, ...s3.asked]).toEqual([]);
  });

  it('that redirects out of what is allowed is refused', async () => {
    const server = await serve((_, response) => response.writeHead(302, { location: '/b/secret' }).end());
    const { fetchSource } = reader({ '*': [`${server.url}/a/`] }, server);
    expect(await refusalOf(fetchSource(`${server.url}/a/x`, wanted))).toBe(
      `${server.url}/a/x redirects to ${server.url}/b/secret, which is not an allowed source`,
    );
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    ['report.json', 'the source must be a URL'],
    ['file:///etc/passwd', 'the source must begin with https:// or s3://'],
    [`https://reports.example/${'a'.repeat(3_000)}`, 'the source must not be longer than 2048 characters'],
    ['https://me:secret@reports.example/a', 'the source must not hold a name or password'],
    ['s3://scan-reports/a?versionId=1', 'the source must be s3://BUCKET/KEY and no more'],
  ])('is refused that is none: %.40s', async (url, problem) => {
    const { fetchSource } = reader({ '*': ['https://reports.example/', 's3://scan-reports/'] });
    expect(await refusalOf(fetchSource(url, wanted))).toBe(problem);
  });

  it('must hash to what was promised', async () => {
    await serveS3({ '/scan-reports/a.json': 'hello' });
    const { fetchSource } = reader({ '*': ['s3://scan-reports/'] });
    const sha256 = createHash('sha256').update('hello').digest('hex');
    const fetchPromised = (promised: string) =>
      fetchSource('s3://scan-reports/a.json', { ...wanted, sha256: promised });
    expect(await fetchPromised(sha256)).toHaveLength(5);
    expect(await fetchPromised(sha256.toUpperCase())).toHaveLength(5);
    expect(await refusalOf(fetchPromised('0'.repeat(64)))).toBe(
      `s3://scan-reports/a.json has the SHA-256 ${sha256}, not the one that was promised`,
    );
    expect(await refusalOf(fetchPromised(''))).toContain('not the one that was promised');
  });
});
