/** Reports that lie in S3, read from a store that was not written by us. */
import { createHash, randomBytes } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sourcesSchema } from '../../shared/remote/allow-list.ts';
import { NotThere, RefusedSource } from '../../shared/remote/refused-source.ts';
import { openSources } from '../../shared/remote/sources.ts';
import { errorOf } from '../support/error-of.ts';
import { awsEnvironment } from '../support/s3-server.ts';
import { startMoto } from './support/moto.ts';

const moto = await startMoto();
const describeWithMoto = moto === undefined ? describe.skip : describe;

describeWithMoto('a report in S3', () => {
  const environment = awsEnvironment();
  const sources = sourcesSchema.parse({ namespaces: { 'team-a': ['s3://scan-reports/team-a/'] }, s3PathStyle: true });
  const wanted = { namespace: 'team-a', maximum: 20_000_000, deadline: 30_000 };

  beforeEach(() => environment({ AWS_ENDPOINT_URL: moto?.url ?? '' }));
  afterAll(() => moto?.stop());

  const put = async (objects: Readonly<Record<string, Uint8Array | string>>): Promise<void> => {
    const client = new S3Client({ forcePathStyle: true });
    const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const;
    await client.send(new CreateBucketCommand({ Bucket: 'scan-reports', CreateBucketConfiguration }));
    for (const [Key, Body] of Object.entries(objects)) {
      await client.send(new PutObjectCommand({ Bucket: 'scan-reports', Key, Body }));
    }
    client.destroy();
  };

  it('is read as it was put there, or refused for what it is', async () => {
    const large = randomBytes(10_000_000);
    await put({ 'team-a/large.json': large, 'team-a/ä b+c.json': 'odd', 'team-b/report.json': 'another’s' });
    const { fetchSource, close } = openSources(sources);
    const sha256 = createHash('sha256').update(large).digest('hex');
    const read = await fetchSource('s3://scan-reports/team-a/large.json', { ...wanted, sha256 });
    expect(Buffer.from(read).equals(large)).toBe(true);
    const odd = await fetchSource('s3://scan-reports/team-a/ä%20b+c.json', wanted);
    expect(Buffer.from(odd).toString()).toBe('odd');

    const refusal = (url: string, maximum = wanted.maximum) => errorOf(fetchSource(url, { ...wanted, maximum }));
    expect(await refusal('s3://scan-reports/team-a/none.json')).toBeInstanceOf(NotThere);
    expect(await refusal('s3://scan-reports/team-b/report.json')).toBeInstanceOf(RefusedSource);
    expect(String(await refusal('s3://scan-reports/team-a/large.json', 9_999_999))).toBe(
      'RefusedSource: s3://scan-reports/team-a/large.json holds more than the 9999999 bytes that are allowed',
    );
    close();
  });

  it('is not there where its bucket is not', async () => {
    const { fetchSource, close } = openSources(sourcesSchema.parse({ namespaces: { '*': ['s3://no-such-bucket/'] } }));
    expect(String(await errorOf(fetchSource('s3://no-such-bucket/report.json', wanted)))).toBe(
      'NotThere: s3://no-such-bucket/report.json is not there',
    );
    close();
  });
});
