/** What events point to, fetched: over HTTPS or from S3, as far as the namespace may. */
import { createHash } from 'node:crypto';
import { allowedFor, type Sources } from './allow-list.ts';
import { guardedFetch } from './guarded-fetch.ts';
import type { Resolve } from './pinned-addresses.ts';
import { RefusedSource, shownUrl } from './refused-source.ts';
import { openS3 } from './s3.ts';
import { parseSourceUrl, placeOf } from './source-url.ts';

interface SourceSettings {
  /** PEM of the authorities that vouch for the servers; absent, those of the machine. */
  readonly ca?: string;
  /** Finds the addresses of a name; absent, the system does. */
  readonly resolve?: Resolve;
}

interface Wanted {
  /** Whose scan it is. */
  readonly namespace: string;
  /** Bytes at most. */
  readonly maximum: number;
  /** Milliseconds. */
  readonly deadline: number;
  /** What the bytes shall hash to, in hexadecimal. */
  readonly sha256?: string;
}

export interface SourceReader {
  /**
   * The bytes at a URL, `https:` or `s3:`.
   *
   * Throws `RefusedSource` for what the namespace may not have fetched, and where the sender must name another source
   * (`NotThere`, too large, another hash); `Unavailable` where it may succeed another time.
   */
  readonly fetchSource: (url: string, wanted: Wanted) => Promise<Uint8Array>;
  readonly close: () => void;
}

const checkHash = (subject: string, bytes: Uint8Array, promised: string | undefined): void => {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (promised === undefined || promised.toLowerCase() === found) return;
  throw new RefusedSource(`${subject} has the SHA-256 ${found}, not the one that was promised`);
};

/** The URL, judged. */
const allowedUrl = (text: string, namespace: string, allows: (url: URL) => boolean): URL => {
  const url = parseSourceUrl(text);
  if (typeof url === 'string') throw new RefusedSource(`the source ${url}`);
  const place = placeOf(url);
  if (typeof place === 'string') throw new RefusedSource(`the source ${place}`);
  if (!allows(url)) throw new RefusedSource(`${shownUrl(url)} is not an allowed source of namespace ${namespace}`);
  return url;
};

/** Reads from the sources that are allowed. */
export const openSources = (sources: Sources, settings: SourceSettings = {}): SourceReader => {
  const s3 = openS3({ pathStyle: sources.s3PathStyle });
  return {
    fetchSource: async (text, { namespace, maximum, deadline, sha256 }) => {
      const allows = allowedFor(sources, namespace);
      const url = allowedUrl(text, namespace, allows);
      const { privateAddresses } = sources;
      const bytes =
        url.protocol === 's3:'
          ? await s3.fetch(url, { maximum, deadline })
          : (await guardedFetch(url, { allows, privateAddresses, maximum, deadline, ...settings })).body;
      checkHash(shownUrl(url), bytes, sha256);
      return bytes;
    },
    close: s3.close,
  };
};
