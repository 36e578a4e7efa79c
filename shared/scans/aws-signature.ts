/**
 * Requests to AWS, signed (Signature Version 4): as headers, or as a URL that somebody else may send.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials } from './aws-credentials.ts';

const bytesOf = (data: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);

/** SHA-256, keyed or not, in the shape in which the signer asks for it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    if (secret === undefined) this.#hash = createHash('sha256');
    else this.#hash = createHmac('sha256', typeof secret === 'string' ? secret : bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

/** Who signs what, and when. */
export interface Signing {
  /** As its signatures name it. */
  readonly service: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly date: Date;
}

const signer = ({ service, region, credentials }: Signing): SignatureV4 =>
  new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false });

type Query = Readonly<Record<string, string>>;

const requestOf = ({ protocol, hostname, host, pathname }: URL, query: Query, headers: Query) => ({
  method: 'GET',
  protocol,
  hostname,
  path: pathname,
  query: { ...query },
  headers: { ...headers, host },
});

/** RFC 3986, section 2.3: what is not reserved, and nothing else, stands for itself. */
const escaped = (text: unknown): string =>
  encodeURIComponent(String(text)).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** What is posted; without it a URL is only got. */
interface Posted {
  readonly contentType: string;
  readonly body: string;
}

/** The headers of a request to this URL, which has no query. */
export const signedHeaders = async (
  url: URL,
  signing: Signing,
  posted?: Posted,
): Promise<Readonly<Record<string, string>>> => {
  const got = requestOf(url, {}, posted === undefined ? {} : { 'content-type': posted.contentType });
  const request = posted === undefined ? got : { ...got, method: 'POST', body: posted.body };
  const { headers } = await signer(signing).sign(request, { signingDate: signing.date });
  return headers;
};

/** A URL that may be asked for `seconds`, by whoever sends these headers along. */
export const presignedUrl = async (
  url: URL,
  { query, headers, seconds }: { readonly query: Query; readonly headers: Query; readonly seconds: number },
  signing: Signing,
): Promise<string> => {
  const presigned = await signer(signing).presign(requestOf(url, query, headers), {
    signingDate: signing.date,
    expiresIn: seconds,
    unhoistableHeaders: new Set(Object.keys(headers)),
  });
  const parameters = Object.entries(presigned.query ?? {}).map(([name, value]) => `${escaped(name)}=${escaped(value)}`);
  return `${url.origin}${url.pathname}?${parameters.join('&')}`;
};
