/** From a message to its answer: received, what it causes sent on, logged and counted. The same in every runtime. */
import { httpReader } from '../events/http.ts';
import type { Envelopes, HttpMessage } from '../events/message.ts';
import type { Rejected } from '../events/rejected.ts';
import { type AnswerSettings, answer, deliver } from './answer.ts';
import type { AnyFunction } from './function.ts';
import { type Logger, logReceived } from './log.ts';
import type { Metrics } from './metrics.ts';
import { type Reply, receive, rejectedMessage, type Services } from './receive.ts';

/** What a runtime needs to answer messages. */
export interface Responding extends Pick<Services, 'store' | 'scope' | 'confirm' | 'verify' | 'emitsTo'> {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly settings: AnswerSettings;
}

/** Sends what the events of a reply cause, and logs and counts what became of each. */
const settle = async (reply: Reply, { log, metrics, settings }: Responding): Promise<Reply> => {
  const delivered = await deliver(reply, settings);
  for (const received of delivered.received) {
    logReceived(log, received);
    metrics.count(received);
  }
  return delivered;
};

const servicesOf = ({ store, scope, confirm, verify, emitsTo }: Responding): Services => ({
  store,
  scope,
  now: Date.now,
  ...(confirm && { confirm }),
  ...(verify && { verify }),
  ...(emitsTo && { emitsTo }),
});

/** What became of a message that came without HTTP, once what it causes was sent on. */
export const take = async (
  message: HttpMessage | Envelopes,
  functions: readonly AnyFunction[],
  responding: Responding,
): Promise<Reply> => settle(await receive(message, functions, servicesOf(responding)), responding);

/** The answer to a message over HTTP. */
export const respond = async (
  message: HttpMessage,
  functions: readonly AnyFunction[],
  responding: Responding,
): Promise<Response> => {
  const services = { ...servicesOf(responding), reader: httpReader };
  return answer(await settle(await receive(message, functions, services), responding), responding.settings);
};

/** The answer to a message over HTTP that is wrong before it is read. */
export const turnDown = async (message: HttpMessage, wrong: Rejected, responding: Responding): Promise<Response> =>
  answer(await settle(rejectedMessage(message, wrong), responding), responding.settings);
