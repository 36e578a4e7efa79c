/**
 * Fetches what somebody else named, and is not led astray by it: not to what may not be asked, not to this machine or
 * its neighbours, not for longer or to more bytes than are given. Every redirect is judged like the first URL.
 */
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { Unavailable } from '../scans/unavailable.ts';
import { addressFilter } from './addresses.ts';
import { readBounded } from './bounded-body.ts';
import { allowedAddresses, pinnedLookup, type Resolve, unreachable } from './pinned-addresses.ts';
import { RefusedSource, shownUrl } from './refused-source.ts';
import { checkStatus, checkUrl, type Headers, nextStep, type Step } from './step.ts';
import { within } from './within.ts';

/** What is sent rather than asked for. */
export interface Sending {
  readonly method: 'POST' | 'PUT';
  readonly body: string;
}

export interface FetchSettings {
  /** Whether this may be fetched; asked about each redirect too. */
  readonly allows: (url: URL) => boolean;
  /** Ranges of addresses that are allowed though they are not public. */
  readonly privateAddresses: readonly string[];
  /** Bytes of the body. */
  readonly maximum: number;
  /** Milliseconds for everything, redirects and body included. */
  readonly deadline: number;
  /** For the first URL's origin alone, but for those that tell nothing about us. */
  readonly headers?: Headers;
  /**
   * Sent to the URL and nowhere else: a redirect is refused, and so is a public address that is not asked over HTTPS.
   * Every other answer is given back, errors too: what they mean is for whoever knows the interface behind the URL. A
   * body that is too large, or compressed, is given back empty.
   */
  readonly send?: Sending;
  /** PEM of the authorities that vouch for the servers; absent, those of the machine. */
  readonly ca?: string;
  readonly maxRedirects?: number;
  /** Finds the addresses of a name; absent, the system does. */
  readonly resolve?: Resolve;
}

export interface Fetched {
  /** 200 to 299, or 304; any but a redirect where something was sent. */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const MAX_REDIRECTS = 5;
/** Bytes of all header fields of an answer. */
const MAX_HEADERS = 16_384;

const headersOf = (raw: IncomingMessage['headers']): Headers =>
  Object.fromEntries(Object.entries(raw).map(([name, value = '']) => [name, String(value)]));

/** What an answer holds, or where it sends us on to. */
const readAnswer = async (
  step: Step,
  stream: IncomingMessage,
  { maximum, send }: FetchSettings,
  signal: AbortSignal,
): Promise<Fetched | Step> => {
  // The body of a redirect or an error is thrown away, and how it ends is nobody's business.
  stream.on('error', () => undefined);
  const { statusCode: status = 0 } = stream;
  const headers = headersOf(stream.headers);
  const next = nextStep(step, status, headers.location);
  if (next !== undefined && send !== undefined)
    throw new RefusedSource(`${shownUrl(step.url)} redirects what is sent to it`);
  if (next !== undefined) return next;
  if (send === undefined) checkStatus(step, status);
  const { 'content-length': length, 'content-encoding': encoding } = headers;
  const source = { subject: shownUrl(step.url), stream, length, encoding };
  const body = await readBounded(source, maximum, signal).catch((error) => {
    // The status says what became of what was sent, whatever else is said too lengthily.
    if (send === undefined || !(error instanceof RefusedSource)) throw error;
    return new Uint8Array();
  });
  return { status, headers, body };
};

/** A request over a connection of its own, which is closed with it. */
const startRequest = (step: Step, { ca, send }: FetchSettings, lookup: LookupFunction, signal: AbortSignal) => {
  const request = step.url.protocol === 'https:' ? requestHttps : requestHttp;
  return request(step.url, {
    method: send?.method ?? 'GET',
    agent: false,
    lookup,
    signal,
    maxHeaderSize: MAX_HEADERS,
    headers: {
      'user-agent': 'scan-status',
      ...step.headers,
      'accept-encoding': 'identity',
      ...(send && { 'content-length': Buffer.byteLength(send.body) }),
    },
    ...(ca !== undefined && { ca }),
  });
};

/** What we send may be secret, and so may be the URL itself: in the open it goes to our own networks alone. */
const checkEncrypted = (step: Step, addresses: readonly LookupAddress[]): void => {
  const isPublic = addressFilter([]);
  if (step.url.protocol === 'https:' || !addresses.some(({ address }) => isPublic(address))) return;
  throw new RefusedSource(`${shownUrl(step.url)} must be https: its address is public`);
};

/** Asks one URL, over a connection that goes where the URL was found to lead. */
const ask = async (step: Step, settings: FetchSettings, signal: AbortSignal): Promise<Fetched | Step> => {
  checkUrl(step);
  const addresses = await allowedAddresses(step, settings);
  if (settings.send !== undefined) checkEncrypted(step, addresses);
  const request = startRequest(step, settings, pinnedLookup(addresses), signal);
  try {
    request.end(settings.send?.body);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return await readAnswer(step, answer, settings, signal);
  } catch (error) {
    if (error instanceof RefusedSource || error instanceof Unavailable) throw error;
    throw unreachable(step.url.origin, error);
  } finally {
    request.on('error', () => undefined);
    request.destroy();
  }
};

/**
 * Fetches a URL by GET, or sends something there, through as many redirects as are allowed.
 *
 * Throws `RefusedSource` for what may not be fetched or is too large, `NotThere` for what is not there (404, 410), and
 * `Unavailable` where it may succeed another time: no answer in time, none at all, or one that says so.
 */
export const guardedFetch = async (url: URL, settings: FetchSettings): Promise<Fetched> => {
  const { deadline, headers = {}, maxRedirects = MAX_REDIRECTS } = settings;
  const late = `${shownUrl(url)} gave no whole answer within ${deadline / 1_000} seconds`;
  return within(deadline, late, async (signal) => {
    let step: Step = { url, headers };
    for (let steps = 0; steps <= maxRedirects; steps += 1) {
      const taken = await ask(step, settings, signal);
      if ('status' in taken) return taken;
      step = taken;
    }
    throw new RefusedSource(`${shownUrl(url)} redirects more than ${maxRedirects} times`);
  });
};
