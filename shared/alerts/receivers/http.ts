/**
 * The one way out to receivers: a POST to where the configuration says, at the pace that the receiver allows, and what its
 * answer means for the message. What is secret in a request stands in no error.
 */
import { guardedFetch, type Sending } from '../../remote/guarded-fetch.ts';
import { RefusedSource } from '../../remote/refused-source.ts';
import { Unavailable } from '../../scans/unavailable.ts';
import { Undeliverable } from '../alert.ts';
import { type Judge, judgeByStatus, retryAfterOf } from './answers.ts';
import { MACHINE_CLOCK, openPace, type Rate } from './rate.ts';
import { partsOf, repeatable } from './secrets.ts';
import type { ReceiverSettings } from './settings.ts';

/** Milliseconds, and bytes, that an answer may take. */
const DEADLINE = 10_000;
const LONGEST_ANSWER = 65_536;
/** Seconds to wait for who is too busy to say how long. */
const UNSAID_WAIT = 30;

export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What no error may repeat. */
  readonly secrets?: readonly string[];
}

const parsedUrl = (receiver: string, text: string): URL => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Undeliverable(receiver, 'its URL is none of https');
  return url;
};

const secretsIn = ({ url, secrets = [] }: Request, parsed: URL): readonly string[] =>
  secrets.flatMap((secret) => (secret === url ? partsOf(parsed) : [secret]));

/** Sends requests to one receiver. */
export const openWay = (settings: ReceiverSettings, published: Rate) => {
  const { name, privateAddresses = [], ca, resolve, deadline = DEADLINE, clock = MACHINE_CLOCK } = settings;
  const pace = openPace(name, settings.rate ?? published, clock);
  const ask = async (request: Request, url: URL, secrets: readonly string[]) => {
    const send: Sending = { method: 'POST', body: request.body };
    const guard = { allows: () => true, privateAddresses, maximum: LONGEST_ANSWER, deadline };
    const { headers } = request;
    try {
      return await guardedFetch(url, { ...guard, headers, send, ...(ca && { ca }), ...(resolve && { resolve }) });
    } catch (error) {
      // Its cause is not kept where it is an error of ours: that one names the URL.
      const { message, cause } = error as Error;
      if (error instanceof RefusedSource) throw new Undeliverable(name, repeatable(message, secrets), { cause });
      if (error instanceof Unavailable)
        throw new Unavailable(`${name}: ${repeatable(message, secrets)}`, { cause, retryAfter: error.retryAfter });
      // Such as a secret that no header can carry.
      throw new Undeliverable(name, 'no request can be made of its settings', { cause: error });
    }
  };
  /**
   * Sends one, and gives the text of the answer that took it.
   *
   * Throws `Unavailable` with the wait that was asked for, or `Undeliverable`.
   */
  return async (request: Request, judge: Judge = judgeByStatus): Promise<string> => {
    const url = parsedUrl(name, request.url);
    const secrets = secretsIn(request, url);
    await pace.turn();
    const { status, headers, body } = await ask(request, url, secrets);
    const text = Buffer.from(body).toString();
    const { outcome, said = '' } = judge({ status, text });
    if (outcome === 'taken') return text;
    const problem = `answered ${status} ${repeatable(said, secrets)}`.trimEnd();
    if (outcome === 'never') throw new Undeliverable(name, problem);
    const asked = retryAfterOf(headers['retry-after'], clock.now());
    const retryAfter = asked ?? (status === 429 ? UNSAID_WAIT : undefined);
    // Whoever asks for a wait asks it for all messages, not for this one alone.
    if (retryAfter !== undefined) pace.hold(retryAfter);
    throw new Unavailable(`${name}: ${problem}`, retryAfter === undefined ? {} : { retryAfter });
  };
};
