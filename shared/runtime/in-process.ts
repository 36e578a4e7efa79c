/** Where what a function emits goes where its process has those that take it, and no output: to them, before the answer. */
import type { JsonObject } from '../conditions/status.ts';
import type { Scope } from '../events/scope.ts';
import type { ScanStore } from '../scans/store.ts';
import { Mistake, Unavailable } from '../scans/unavailable.ts';
import { eventsOf } from './answer.ts';
import type { AnyFunction } from './function.ts';
import { type Logger, logReceived } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Output } from './output.ts';
import { receive } from './receive.ts';
import type { Received } from './received.ts';

interface Here {
  readonly store: ScanStore;
  readonly scope: Scope;
  /** Names the cluster in the events that these events cause. */
  readonly cluster: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Our own event that we reject is our mistake. */
const failureOf = ({ outcome, why }: Received): Unavailable | undefined => {
  if (why instanceof Unavailable) return why;
  const failed = outcome === 'unavailable' || outcome === 'rejected' || outcome === 'refused';
  return failed ? new Mistake('an event of our own', why) : undefined;
};

/** Hands events to those of `functions` that take them, and what they cause in turn as well. */
export const inProcessOutput = (functions: readonly AnyFunction[], here: Here): Output => {
  const { store, scope, cluster, log, metrics } = here;
  const sendOne = async (event: JsonObject): Promise<Unavailable | undefined> => {
    const takers = functions.filter(({ accepts }) => accepts.includes(String(event.type)));
    if (takers.length === 0) return undefined;
    const services = { store: metrics.watched(store), scope, now: Date.now };
    const { received } = await receive({ mode: 'batch', envelopes: [event] }, takers, services);
    for (const one of received) {
      logReceived(log, one);
      metrics.count(one);
    }
    const failure = received.map(failureOf).find((why) => why !== undefined);
    if (failure !== undefined) return failure;
    const caused = await send(received.flatMap((one) => eventsOf(one, cluster)));
    return caused.find((why) => why !== undefined);
  };
  const send: Output['send'] = async (events) => Promise.all(events.map(sendOne));
  return { send };
};
