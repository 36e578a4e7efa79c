/** Outcomes as HTTP answers: what a sender may do next. */
import type { JsonObject } from '../conditions/status.ts';
import { Refused, Rejected } from '../events/rejected.ts';
import { statusChanged } from '../events/status-changed.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { problemOf } from './problem.ts';
import type { Reply } from './receive.ts';
import type { Received } from './received.ts';
import { sendToSink } from './sink.ts';

export interface AnswerSettings {
  /** Names the cluster in the events that go out. */
  readonly cluster: string;
  readonly sink?: string;
}

/** What goes out: of what is true of the scan now first, because one event alone can be the answer. */
const eventsOf = ({ event, causes, emits = [] }: Received, cluster: string): readonly JsonObject[] =>
  event === undefined ? [] : [...causes.map((cause) => statusChanged(cause, event, cluster)), ...emits];

const unavailable = (reply: Reply): Response => {
  const waits = reply.received.map(({ why }) => (why instanceof Unavailable ? why.retryAfter : 0));
  return problemOf(503, reply, 'unavailable', { 'retry-after': String(Math.max(...waits)) });
};

const rejected = (reply: Reply): Response => {
  const [only] = reply.received;
  return problemOf(!reply.batch && only?.why instanceof Rejected ? only.why.status : 400, reply, 'rejected');
};

const refused = (reply: Reply): Response => {
  const why = reply.received.map((received) => received.why).find((error) => error instanceof Refused);
  return problemOf(reply.batch ? 400 : (why?.status ?? 403), reply, 'refused');
};

const json = (type: string, body: unknown): Response =>
  new Response(JSON.stringify(body), { headers: { 'content-type': `${type}; charset=utf-8` } });

const emitted = (events: readonly JsonObject[], batch: boolean): Response => {
  if (batch) return json('application/cloudevents-batch+json', events);
  const [event] = events;
  return event === undefined ? new Response(null, { status: 204 }) : json('application/cloudevents+json', event);
};

const sendOne = async (sink: string, received: Received, cluster: string): Promise<Received> => {
  try {
    for (const event of eventsOf(received, cluster)) await sendToSink(sink, event);
    return received;
  } catch (why) {
    if (!(why instanceof Unavailable)) throw why;
    return { ...received, outcome: 'unavailable', why };
  }
};

/** How many events of a batch are under way to the sink at once. */
const AT_ONCE = 16;

const sendAll = async (sink: string, { received }: Reply, cluster: string): Promise<readonly Received[]> => {
  const sent: Received[] = [];
  for (let first = 0; first < received.length; first += AT_ONCE) {
    const some = received.slice(first, first + AT_ONCE);
    sent.push(...(await Promise.all(some.map((one) => sendOne(sink, one, cluster)))));
  }
  return sent;
};

/** The events of a reply after those it causes were sent, where there is a sink: what the sink refused is unavailable. */
export const deliver = async (reply: Reply, { sink, cluster }: AnswerSettings): Promise<Reply> =>
  sink === undefined ? reply : { ...reply, received: await sendAll(sink, reply, cluster) };

/** The answer to a message whose events were delivered. */
export const answer = (reply: Reply, { sink, cluster }: AnswerSettings): Response => {
  const { batch, received } = reply;
  if (received.some(({ outcome }) => outcome === 'unavailable')) return unavailable(reply);
  if (received.some(({ outcome }) => outcome === 'refused')) return refused(reply);
  if (received.some(({ outcome }) => outcome === 'rejected')) return rejected(reply);
  if (sink !== undefined) return new Response(null, { status: 204 });
  return emitted(
    received.flatMap((one) => eventsOf(one, cluster)),
    batch,
  );
};
