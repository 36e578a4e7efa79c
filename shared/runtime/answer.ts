/** Outcomes as HTTP answers: what a sender may do next. */
import type { JsonObject } from '../conditions/status.ts';
import { Refused, Rejected } from '../events/rejected.ts';
import { statusChanged } from '../events/status-changed.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { Output } from './output.ts';
import { problemOf } from './problem.ts';
import type { Reply } from './receive.ts';
import type { Received } from './received.ts';

export interface AnswerSettings {
  /** Names the cluster in the events that go out. */
  readonly cluster: string;
  /** Where those events go; absent, they are the answer. */
  readonly output?: Output;
  /** Those of this process that take them, where there is no output: they are the answer all the same. */
  readonly here?: Output;
}

/** What goes out: of what is true of the scan now first, because one event alone can be the answer. */
export const eventsOf = ({ event, causes, emits = [] }: Received, cluster: string): readonly JsonObject[] =>
  event === undefined ? [] : [...causes.map((cause) => statusChanged(cause, event, cluster)), ...emits];

const unavailable = (reply: Reply): HttpAnswer => {
  const waits = reply.received.map(({ why }) => (why instanceof Unavailable ? why.retryAfter : 0));
  return problemOf(503, reply, 'unavailable', { 'retry-after': String(Math.max(...waits)) });
};

const rejected = (reply: Reply): HttpAnswer => {
  const [only] = reply.received;
  return problemOf(!reply.batch && only?.why instanceof Rejected ? only.why.status : 400, reply, 'rejected');
};

const refused = (reply: Reply): HttpAnswer => {
  const why = reply.received.map((received) => received.why).find((error) => error instanceof Refused);
  return problemOf(reply.batch ? 400 : (why?.status ?? 403), reply, 'refused');
};

const NOTHING: HttpAnswer = { status: 204, headers: {} };

const json = (type: string, body: unknown): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': `${type}; charset=utf-8` },
  body: JSON.stringify(body),
});

const emitted = (events: readonly JsonObject[], batch: boolean): HttpAnswer => {
  if (batch) return json('application/cloudevents-batch+json', events);
  const [event] = events;
  return event === undefined ? NOTHING : json('application/cloudevents+json', event);
};

/** The events of a reply after those it causes were sent, where they go elsewhere: what was not taken is unavailable. */
export const deliver = async (reply: Reply, { output, here, cluster }: AnswerSettings): Promise<Reply> => {
  const to = output ?? here;
  if (to === undefined) return reply;
  const caused = reply.received.map((received) => eventsOf(received, cluster));
  const all = caused.flat();
  const failures = all.length === 0 ? [] : await to.send(all);
  let next = 0;
  const received = reply.received.map((one, at): Received => {
    const first = next;
    next += caused[at]?.length ?? 0;
    const why = failures.slice(first, next).find((failure) => failure !== undefined);
    return why === undefined ? one : { ...one, outcome: 'unavailable', why };
  });
  return { ...reply, received };
};

/** The answer to a message whose events were delivered. */
export const answer = (reply: Reply, { output, cluster }: AnswerSettings): HttpAnswer => {
  const { batch, received } = reply;
  if (received.some(({ outcome }) => outcome === 'unavailable')) return unavailable(reply);
  if (received.some(({ outcome }) => outcome === 'refused')) return refused(reply);
  if (received.some(({ outcome }) => outcome === 'rejected')) return rejected(reply);
  if (output !== undefined) return NOTHING;
  return emitted(
    received.flatMap((one) => eventsOf(one, cluster)),
    batch,
  );
};
