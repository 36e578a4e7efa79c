/** Where emitted events go when `K_SINK` names a sink, as Knative's SinkBinding does. */
import type { JsonObject } from '../conditions/status.ts';
import { Unavailable } from '../scans/unavailable.ts';

/** Milliseconds that a sink may take: less than a sender waits for our own answer. */
const DEADLINE = 10_000;

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

/** Sends an event in structured mode. Throws `Unavailable` unless the sink accepts it with a 2xx. */
export const sendToSink = async (sink: string, event: JsonObject): Promise<void> => {
  const status = await post(sink, event).catch((cause: unknown) => {
    throw new Unavailable('the sink cannot be reached', { cause });
  });
  if (status < 200 || status > 299) throw new Unavailable(`the sink answered ${status}`);
};
