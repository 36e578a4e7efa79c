/**
 * What people would have been told of recorded events: the function itself, over a fresh memory, at the time of the events,
 * with receivers that write down what they would send.
 */
import { alert } from '../functions/alert/handler.ts';
import type { Alert, MessageRef, Receiver } from '../shared/alerts/alert.ts';
import type { AlertsConfig } from '../shared/alerts/alerts-file.ts';
import { openTurns } from '../shared/alerts/in-turn.ts';
import { openReceivers } from '../shared/alerts/open-receivers.ts';
import { kindOf, type ReceiverKind } from '../shared/alerts/receivers-config.ts';
import type { AlertServices } from '../shared/alerts/services.ts';
import { memoryAlertState } from '../shared/alerts/state/memory.ts';
import type { AlertState } from '../shared/alerts/state.ts';
import { tellDue } from '../shared/alerts/tell-due.ts';
import type { Line } from '../shared/replay/lines.ts';
import { replay, type Summary } from '../shared/replay/run.ts';
import { readScope } from '../shared/runtime/config.ts';
import { readStoreSettings } from '../shared/runtime/config-cluster.ts';
import type { WorkingFunction } from '../shared/runtime/function.ts';
import type { Received } from '../shared/runtime/received.ts';
import { memoryStore } from '../shared/scans/memory.ts';

/** A message as it would be sent. */
export interface Previewed {
  readonly receiver: string;
  readonly kind: ReceiverKind;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly alert: Alert;
  readonly request: { readonly url: string; readonly body: unknown };
}

/** What became of the event of a line. */
export interface PreviewedEvent {
  readonly file: string;
  readonly line: number;
  readonly id?: string;
  readonly outcome: Received['outcome'];
  readonly why?: string;
}

export interface Preview {
  readonly messages: readonly Previewed[];
  readonly events: readonly PreviewedEvent[];
  readonly summary: Summary;
}

/** Times that what is due is told after the last event, whatever comes due by that. */
const MOST_TICKS = 10_000;

interface Simulation {
  readonly state: AlertState;
  readonly now: () => number;
  /** Lets the time come to an instant, telling what falls due meanwhile. */
  readonly comeTo: (instant: number, services: AlertServices) => Promise<void>;
}

/** A state that knows when somebody has to look at it next, and the clock that goes there. */
const openSimulation = (): Simulation => {
  const state = memoryAlertState();
  const dueAt = new Map<string, number>();
  let now = 0;
  const put: AlertState['put'] = async (write) => {
    const version = await state.put(write);
    if (version !== undefined && write.dueAt !== undefined) dueAt.set(write.key, write.dueAt);
    else if (version !== undefined) dueAt.delete(write.key);
    return version;
  };
  return {
    state: { ...state, put },
    now: () => now,
    comeTo: async (instant, services) => {
      for (let ticks = 0; ticks < MOST_TICKS; ticks += 1) {
        const next = dueAt.values().reduce((first, at) => Math.min(first, at), Number.POSITIVE_INFINITY);
        if (next > instant || !Number.isFinite(next)) break;
        now = Math.max(now, next);
        await tellDue(services);
      }
      if (Number.isFinite(instant)) now = Math.max(now, instant);
    },
  };
};

/** Whatever a receiver gives back of a message, so that the next one about the same alert refers to it. */
const referenceTo = ({ status }: Alert): MessageRef => ({ status, ts: '1' });

/** The function, which is given each event at the time of its fact. */
const atTheirTime = (services: AlertServices, simulation: Simulation): WorkingFunction => {
  const { handle, ...named } = alert(services);
  return {
    ...named,
    handle: async (event, scope) => {
      const instant = Date.parse(event.time ?? '');
      if (!Number.isNaN(instant)) await simulation.comeTo(instant, services);
      return handle(event, scope);
    },
  };
};

const eventOf = ({ file, number }: Line, { id, outcome, why }: Received): PreviewedEvent => ({
  file,
  line: number,
  ...(id !== undefined && { id }),
  outcome,
  ...(why !== undefined && { why: why instanceof Error ? why.message : why }),
});

/** The receivers, which write down what they would send: nobody is asked, so nobody has to be known. */
const writingDown = async (
  configs: AlertsConfig['receivers'],
  now: () => number,
  messages: Previewed[],
): Promise<ReadonlyMap<string, Receiver>> => {
  const withoutFiles = configs.map(({ caFile: _, ...config }) => config);
  const clock = { now, sleep: async () => undefined };
  const opened = await openReceivers(withoutFiles, { environment: {}, clock });
  const kinds = new Map(configs.map((config) => [config.name, kindOf(config)]));
  const receivers = opened.map((receiver): Receiver => {
    const { name, preview: previewOf } = receiver;
    const send: Receiver['send'] = async (one, before) => {
      const kind = kinds.get(name) as ReceiverKind;
      messages.push({ receiver: name, kind, at: now(), alert: one, request: previewOf(one, before) });
      return referenceTo(one);
    };
    // What is told again, for receivers that forget, is nothing new.
    return { name, send, preview: previewOf };
  });
  return new Map(receivers.map((receiver) => [receiver.name, receiver]));
};

const inOrder = (messages: readonly Previewed[], receivers: readonly string[]): readonly Previewed[] =>
  messages.toSorted((a, b) => a.at - b.at || receivers.indexOf(a.receiver) - receivers.indexOf(b.receiver));

/** Runs lines of events through the function. */
export const preview = async (
  lines: AsyncIterable<readonly Line[]>,
  { receivers: configs, rules, replays }: AlertsConfig,
): Promise<Preview> => {
  const simulation = openSimulation();
  const { state, now } = simulation;
  const messages: Previewed[] = [];
  const receivers = await writingDown(configs, now, messages);
  const counts = { sent: () => undefined, failed: () => undefined };
  const telling = { state, rules, receivers, now, counts };
  const services: AlertServices = { telling, replays, inTurn: openTurns(), keepsDue: true };
  const events: PreviewedEvent[] = [];
  const summary = await replay(
    lines,
    [atTheirTime(services, simulation)],
    { store: memoryStore(readStoreSettings()), scope: readScope() },
    { event: (line, received) => void events.push(eventOf(line, received)), progress: () => undefined },
  );
  await simulation.comeTo(Number.POSITIVE_INFINITY, services);
  return { messages: inOrder(messages, [...receivers.keys()]), events, summary };
};
