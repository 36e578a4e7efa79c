/** Outcomes as HTTP answers: what a sender may do next. */
import type { JsonObject } from '../conditions/status.ts';
import { Rejected } from '../events/rejected.ts';
import { statusChanged } from '../events/status-changed.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { problemOf } from './problem.ts';
import type { Outcome, Received, Reply } from './receive.ts';
import { sendToSink } from './sink.ts';

export interface AnswerSettings {
  /** Names the cluster in the events that go out. */
  readonly cluster: string;
  readonly sink?: string;
}

const eventsOf = ({ event, causes }: Received, cluster: string): readonly JsonObject[] =>
  event === undefined ? [] : causes.map((cause) => statusChanged(cause, event, cluster));

const unavailable = (failed: readonly Received[]): Response => {
  const waits = failed.map(({ why }) => (why instanceof Unavailable ? why.retryAfter : 0));
  return problemOf(503, failed, { 'retry-after': String(Math.max(...waits)) });
};

const rejected = (failed: readonly Received[], batch: boolean): Response => {
  const [first] = failed;
  return problemOf(!batch && first?.why instanceof Rejected ? first.why.status : 400, failed);
};

const json = (type: string, body: unknown): Response =>
  new Response(JSON.stringify(body), { headers: { 'content-type': `${type}; charset=utf-8` } });

const reply = (events: readonly JsonObject[], batch: boolean): Response => {
  if (batch || events.length > 1) return json('application/cloudevents-batch+json', events);
  const [event] = events;
  return event === undefined ? new Response(null, { status: 204 }) : json('application/cloudevents+json', event);
};

const sendAll = async (sink: string, reply: Reply, cluster: string): Promise<readonly Received[]> => {
  const sent = reply.received.map(async (received): Promise<Received> => {
    try {
      for (const event of eventsOf(received, cluster)) await sendToSink(sink, event);
      return received;
    } catch (why) {
      if (!(why instanceof Unavailable)) throw why;
      return { ...received, outcome: 'unavailable', why };
    }
  });
  return Promise.all(sent);
};

/** The events of a reply after those it causes were sent, where there is a sink: what the sink refused is unavailable. */
export const deliver = async (reply: Reply, { sink, cluster }: AnswerSettings): Promise<Reply> =>
  sink === undefined ? reply : { ...reply, received: await sendAll(sink, reply, cluster) };

/** The answer to a message whose events were delivered. */
export const answer = ({ batch, received }: Reply, { sink, cluster }: AnswerSettings): Response => {
  const withOutcome = (outcome: Outcome): readonly Received[] => received.filter((one) => one.outcome === outcome);
  if (withOutcome('unavailable').length > 0) return unavailable(withOutcome('unavailable'));
  if (withOutcome('rejected').length > 0) return rejected(withOutcome('rejected'), batch);
  if (sink !== undefined) return new Response(null, { status: 204 });
  return reply(
    received.flatMap((one) => eventsOf(one, cluster)),
    batch,
  );
};
