/** From a message to its answer: received, what it causes sent on, logged and counted. The same in every runtime. */
import type { Envelopes, EventReader, HttpMessage } from '../events/message.ts';
import type { Rejected } from '../events/rejected.ts';
import { type AnswerSettings, answer, deliver } from './answer.ts';
import { type Arriving, type Authenticate, bodyOf, type Caller, challengeTo } from './auth-caller.ts';
import { asDecision, type Failure } from './decide.ts';
import type { AnyFunction } from './function.ts';
import type { HttpAnswer } from './http-answer.ts';
import { type Logger, logReceived } from './log.ts';
import type { Metrics } from './metrics.ts';
import { failedMessage, type Reply, receive, type Services } from './receive.ts';

/** What a runtime needs to answer messages. */
export interface Responding extends Pick<Services, 'store' | 'scope' | 'confirm' | 'verify'> {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly settings: AnswerSettings;
  /** Says who sends a message over HTTP; absent, whoever reaches us may send anything. */
  readonly authenticate?: Authenticate;
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

const servicesOf = ({ store, metrics, scope, confirm, verify }: Responding): Services => ({
  store: metrics.watched(store),
  scope,
  now: Date.now,
  ...(confirm && { confirm }),
  ...(verify && { verify }),
});

/** What became of a message that came without HTTP, once what it causes was sent on. */
export const take = async (
  message: HttpMessage | Envelopes,
  functions: readonly AnyFunction[],
  responding: Responding,
): Promise<Reply> =>
  responding.metrics.timed(functions, async () =>
    settle(await receive(message, functions, servicesOf(responding)), responding),
  );

/** What became of a message that came without HTTP and is wrong before its events are looked at. */
export const takeWrong = async (wrong: Rejected, responding: Responding): Promise<Reply> =>
  settle(failedMessage({ mode: 'batch', envelopes: [] }, wrong), responding);

let reader: Promise<EventReader> | undefined;

/** Loaded by the first message over HTTP: where there is none, nobody waits for the SDK. */
const httpReader = (): Promise<EventReader> => {
  reader ??= import('../events/http.ts').then((http) => http.httpReader);
  return reader;
};

/** Who sends a message, and its body; or why nobody looks into it. */
interface Admitted {
  readonly caller?: Caller;
  readonly body: HttpMessage['body'] | Failure;
}

const admit = async (message: Arriving, authenticate?: Authenticate): Promise<Admitted> => {
  let caller: Caller | undefined;
  try {
    caller = await authenticate?.(message);
    return { ...(caller && { caller }), body: await bodyOf(message) };
  } catch (error) {
    return { ...(caller && { caller }), body: asDecision('authentication', error) };
  }
};

const answerTo = async (
  message: Arriving,
  functions: readonly AnyFunction[],
  responding: Responding,
  { vouched = false }: { readonly vouched?: boolean },
): Promise<HttpAnswer> => {
  const { headers } = message;
  const { caller, body } = await admit(message, vouched ? undefined : responding.authenticate);
  const services = { ...servicesOf(responding), reader: await httpReader(), ...(caller && { caller }) };
  const reply =
    body instanceof Error ? failedMessage({ headers }, body) : await receive({ headers, body }, functions, services);
  const log = caller === undefined ? responding.log : responding.log.child({ credential: caller.name });
  const answered = answer(await settle(reply, { ...responding, log }), responding.settings);
  if (answered.status !== 401) return answered;
  return { ...answered, headers: { ...answered.headers, 'www-authenticate': challengeTo(headers) } };
};

/**
 * The answer to a message over HTTP.
 *
 * @param vouched the platform has told who sends it, and has let them: nobody is asked for a credential
 */
export const respond = (
  message: Arriving,
  functions: readonly AnyFunction[],
  responding: Responding,
  options: { readonly vouched?: boolean } = {},
): Promise<HttpAnswer> => responding.metrics.timed(functions, () => answerTo(message, functions, responding, options));
