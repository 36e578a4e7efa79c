/** Messages that come to AWS Lambda without HTTP: what is inside each, received all together. */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { eventIn, MAX_NESTED, openEnvelopes } from '../events/envelopes.ts';
import { MAX_BATCH } from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';
import { STATUS_CHANGED } from '../events/types.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { AnyFunction } from './function.ts';
import type { Output } from './output.ts';
import type { Received } from './received.ts';
import { type Responding, take, takeWrong } from './respond.ts';

/** A message as its source handed it over: an envelope that holds the content. */
export type Delivered = JsonObject;

const marked = (event: unknown, replay: string | undefined): unknown =>
  replay === undefined || !isJsonObject(event) ? event : { ...event, scanreplay: replay };

/**
 * Lambda has already parsed the detail that a rule sends. As a text it is held to the same bounds as all that others send;
 * what was JSON can fail to become JSON again by its depth alone.
 */
const asSent = (message: Delivered): Delivered => {
  if (!isJsonObject(message.detail)) return message;
  try {
    return { ...message, detail: JSON.stringify(message.detail) };
  } catch (cause) {
    throw new Rejected('detail', 'nests too deep', { cause });
  }
};

/** The events of a message, not yet checked: one, or a batch. Throws `Rejected` where it holds none. */
const eventsIn = (message: Delivered): readonly unknown[] => {
  // The source itself is the first envelope.
  const { content, field, replay } = openEnvelopes(asSent(message), 'message', MAX_NESTED + 1);
  if (Array.isArray(content)) {
    if (content.length > MAX_BATCH)
      throw new Rejected(field, `must not hold more than ${MAX_BATCH} events`, { status: 413 });
    return content.map((event) => marked(event, replay));
  }
  const event = isJsonObject(content) ? eventIn(content) : undefined;
  if (event === undefined) throw new Rejected(field, "must be a CloudEvent, a batch of them, or the exporter's object");
  return [marked(event, replay)];
};

const readEvents = (message: Delivered): readonly unknown[] | Rejected => {
  try {
    return eventsIn(message);
  } catch (error) {
    if (error instanceof Rejected) return error;
    throw error;
  }
};

/**
 * Nobody hears an answer here, so what a function emits needs somewhere to go. A status that changed is only news, and
 * may have no reader; a verdict that got lost would leave its scan waiting for ever.
 */
const nowhere: Output = {
  send: async (events) =>
    events.map(({ type }) =>
      type === STATUS_CHANGED ? undefined : new Unavailable(`${type} has nowhere to go: no output is set`),
    ),
};

const withOutput = (responding: Responding): Responding => {
  const { settings } = responding;
  if (settings.output !== undefined || settings.here !== undefined) return responding;
  return { ...responding, settings: { ...settings, output: nowhere } };
};

/**
 * What became of the events of each message. All are received in one pass, so that a scan is written once, however many
 * of the messages are about it; what is wrong with one message is no other's fault.
 */
export const takeAll = async (
  messages: readonly Delivered[],
  functions: readonly AnyFunction[],
  responding: Responding,
): Promise<readonly (readonly Received[])[]> => {
  const services = withOutput(responding);
  const read = messages.map(readEvents);
  const envelopes = read.flatMap((events) => (events instanceof Rejected ? [] : events));
  const { received } = await take({ mode: 'batch', envelopes }, functions, services);
  const next = received.values();
  return Promise.all(
    read.map(async (events) =>
      events instanceof Rejected
        ? (await takeWrong(events, services)).received
        : events.map(() => next.next().value as Received),
    ),
  );
};

const FAILED: ReadonlySet<Received['outcome']> = new Set(['unavailable', 'refused', 'rejected']);

/** The events of a message that its source must keep. */
export const failedOf = (received: readonly Received[]): readonly Received[] =>
  received.filter(({ outcome }) => FAILED.has(outcome));
