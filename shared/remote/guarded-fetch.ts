/**
 * Fetches what somebody else named, and is not led astray by it: not to what may not be asked, not to this machine or
 * its neighbours, not for longer or to more bytes than are given. Every redirect is judged like the first URL.
 */
import { Agent, type Dispatcher } from 'undici';
import { Unavailable } from '../scans/unavailable.ts';
import { readBounded } from './bounded-body.ts';
import { allowedAddresses, pinnedLookup, type Resolve, unreachable } from './pinned-addresses.ts';
import { RefusedSource, shownUrl } from './refused-source.ts';
import { checkStatus, checkUrl, type Headers, nextStep, type Step } from './step.ts';
import { within } from './within.ts';

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
  /** PEM of the authorities that vouch for the servers; absent, those of the machine. */
  readonly ca?: string;
  readonly maxRedirects?: number;
  /** Finds the addresses of a name; absent, the system does. */
  readonly resolve?: Resolve;
}

export interface Fetched {
  /** 200 to 299, or 304. */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const MAX_REDIRECTS = 5;
/** Bytes of all header fields of an answer. */
const MAX_HEADERS = 16_384;

const headersOf = (raw: Dispatcher.ResponseData['headers']): Headers =>
  Object.fromEntries(Object.entries(raw).map(([name, value = '']) => [name, String(value)]));

/** What an answer holds, or where it sends us on to. */
const readAnswer = async (
  step: Step,
  { statusCode: status, headers: raw, body: stream }: Dispatcher.ResponseData,
  { maximum }: FetchSettings,
  signal: AbortSignal,
): Promise<Fetched | Step> => {
  // The body of a redirect or an error is thrown away, and how it ends is nobody's business.
  stream.on('error', () => undefined);
  const headers = headersOf(raw);
  const next = nextStep(step, status, headers.location);
  if (next !== undefined) return next;
  checkStatus(step, status);
  const { 'content-length': length, 'content-encoding': encoding } = headers;
  const body = await readBounded({ subject: shownUrl(step.url), stream, length, encoding }, maximum, signal);
  return { status, headers, body };
};

/** Asks one URL, over a connection of its own that goes where the URL was found to lead. */
const ask = async (step: Step, settings: FetchSettings, signal: AbortSignal): Promise<Fetched | Step> => {
  checkUrl(step);
  const lookup = pinnedLookup(await allowedAddresses(step, settings));
  const { deadline, ca } = settings;
  const agent = new Agent({
    connect: { lookup, timeout: deadline, ...(ca !== undefined && { ca }) },
    maxHeaderSize: MAX_HEADERS,
    allowH2: false,
  });
  try {
    const { origin, pathname, search } = step.url;
    const headers = { 'user-agent': 'scan-status', ...step.headers, 'accept-encoding': 'identity' };
    const answer = await agent.request({ method: 'GET', origin, path: `${pathname}${search}`, headers, signal });
    return await readAnswer(step, answer, settings, signal);
  } catch (error) {
    if (error instanceof RefusedSource || error instanceof Unavailable) throw error;
    throw unreachable(step.url.origin, error);
  } finally {
    await agent.destroy();
  }
};

/**
 * Fetches a URL by GET, through as many redirects as are allowed.
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
