/**
 * URLs of sources, taken apart in the one way in which they are both judged and fetched.
 *
 * What servers may read in two ways has no place here at all: an encoded slash or backslash, and a dot segment that is
 * only found when an encoding is undone a second time, or when what follows a `;` is dropped.
 */
import { RefusedSource } from './refused-source.ts';

const MOST_CHARACTERS = 2_048;
const PROTOCOLS = new Set(['https:', 'http:', 's3:']);

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const AMBIGUOUS = /[/\\\p{Cc}]|^\.{1,2}(?:;|$)|%(?:25)*(?:2e|2f|5c|00)/iu;

/** Where a source is: its host, and the names of folders and file that lead to it, decoded. */
export interface Place {
  /** Protocol and host, with the port where it is not the usual one. */
  readonly origin: string;
  readonly segments: readonly string[];
}

const decoded = (segment: string): string | undefined => {
  try {
    const text = decodeURIComponent(segment);
    return AMBIGUOUS.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
};

/** What is wrong with a URL of a source; `undefined`, nothing. */
const problemOf = ({ protocol, hostname, port, username, password, search, hash }: URL): string | undefined => {
  if (!PROTOCOLS.has(protocol)) return 'must begin with https:// or s3://';
  if (username !== '' || password !== '') return 'must not hold a name or password';
  if (hostname === '' || hostname.endsWith('.')) return 'must name a host, without a dot at its end';
  if (protocol !== 's3:') return undefined;
  if (!BUCKET.test(hostname)) return 'must name a bucket';
  return port !== '' || search !== '' || hash !== '' ? 'must be s3://BUCKET/KEY and no more' : undefined;
};

/** Where a URL leads, or a text that says why it leads nowhere that we go. */
export const placeOf = (url: URL): Place | string => {
  const problem = problemOf(url);
  if (problem !== undefined) return problem;
  const segments = url.pathname.slice(1).split('/').map(decoded);
  return segments.every((segment) => segment !== undefined)
    ? { origin: `${url.protocol}//${url.host}`, segments }
    : 'must not hold what servers read in two ways: an encoded slash, backslash or dot segment, or a control character';
};

/** The URL that a text is, or what is wrong with it. */
export const parseSourceUrl = (text: string): URL | string => {
  if (text.length > MOST_CHARACTERS) return `must not be longer than ${MOST_CHARACTERS} characters`;
  return URL.parse(text) ?? 'must be a URL';
};

/** The bucket and key of an `s3:` URL. Throws `RefusedSource`. */
export const bucketAndKey = (url: URL): { readonly bucket: string; readonly key: string } => {
  const place = placeOf(url);
  if (typeof place === 'string') throw new RefusedSource(`the source ${place}`);
  const key = place.segments.join('/');
  if (key === '') throw new RefusedSource(`s3://${url.hostname}/ names no object`);
  return { bucket: url.hostname, key };
};
