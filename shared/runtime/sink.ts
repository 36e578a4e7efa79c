/** The output that `K_SINK` names, as Knative's SinkBinding does: an address that takes events over HTTP. */
import type { JsonObject } from '../conditions/status.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { Output } from './output.ts';

/** Milliseconds that a sink may take: less than a sender waits for our own answer. */
const DEADLINE = 10_000;
/** How many events are under way to the sink at once. */
const AT_ONCE = 16;

const post = async (sink: string, event: JsonObject): Promise<number> => {
  const response = await fetch(sink, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    body: JSON.stringify(event),
    redirect: 'error',
    signal: AbortSignal.timeout(DEADLINE),
  });
  await response.body?.cancel();
  return response.status;
};

/** Sends an event in structured mode. Only a 2xx accepts it. */
const sendToSink = async (sink: string, event: JsonObject): Promise<Unavailable | undefined> => {
  try {
    const status = await post(sink, event);
    return status < 200 || status > 299 ? new Unavailable(`the sink answered ${status}`) : undefined;
  } catch (cause) {
    return new Unavailable('the sink cannot be reached', { cause });
  }
};

export const sinkOutput = (sink: string): Output => ({
  send: async (events) => {
    const sent: (Unavailable | undefined)[] = [];
    for (let first = 0; first < events.length; first += AT_ONCE) {
      const some = events.slice(first, first + AT_ONCE);
      sent.push(...(await Promise.all(some.map((event) => sendToSink(sink, event)))));
    }
    return sent;
  },
});
