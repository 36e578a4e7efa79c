/**
 * Objects of S3, or of a store that speaks like it: endpoint, region and credentials are those that the SDK finds in the
 * environment (`AWS_ENDPOINT_URL_S3`, `AWS_REGION`, …).
 */
import type { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { Unavailable } from '../scans/unavailable.ts';
import { readBounded } from './bounded-body.ts';
import { NotThere, RefusedSource, shownUrl } from './refused-source.ts';
import { bucketAndKey } from './source-url.ts';
import { within } from './within.ts';

interface S3Limits {
  /** Bytes of the object. */
  readonly maximum: number;
  /** Milliseconds for everything, finding credentials included. */
  readonly deadline: number;
}

export interface S3 {
  /**
   * The bytes of the object at `s3://BUCKET/KEY`.
   *
   * Throws `NotThere`, `RefusedSource` where it is too large, and `Unavailable` for everything that may be mended on our
   * side or by waiting: credentials, rights, throttling, network.
   */
  readonly fetch: (url: URL, limits: S3Limits) => Promise<Uint8Array>;
  readonly close: () => void;
}

/** The error codes that mean that there is nothing. */
const NOTHING = new Set(['NoSuchKey', 'NoSuchBucket', 'NotFound']);

const failure = (subject: string, error: unknown): Error => {
  if (error instanceof RefusedSource || error instanceof Unavailable) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (NOTHING.has(name)) return new NotThere(subject, { cause: error });
  const why = name === '' || name === 'Error' ? message : name;
  return new Unavailable(`${subject} cannot be read (${why})`, { cause: error });
};

/** Objects under these settings. The SDK is loaded when the first one is asked for: it takes longer than a start may. */
export const openS3 = ({ pathStyle = false }: { readonly pathStyle?: boolean } = {}): S3 => {
  let client: S3Client | undefined;
  return {
    fetch: (url, { maximum, deadline }) => {
      const subject = shownUrl(url);
      const { bucket: Bucket, key: Key } = bucketAndKey(url);
      const late = `${subject} gave no whole answer within ${deadline / 1_000} seconds`;
      return within(deadline, late, async (signal) => {
        const { GetObjectCommand, S3Client: Client } = await import('@aws-sdk/client-s3');
        client ??= new Client({ forcePathStyle: pathStyle });
        try {
          const answer = await client.send(new GetObjectCommand({ Bucket, Key }), { abortSignal: signal });
          const { Body, ContentLength: length, ContentEncoding: encoding } = answer;
          return await readBounded({ subject, stream: Body as Readable, length, encoding }, maximum, signal);
        } catch (error) {
          throw failure(subject, error);
        }
      });
    },
    close: () => client?.destroy(),
  };
};
