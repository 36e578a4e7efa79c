/**
 * What is counted, in the text format of Prometheus.
 *
 * By few labels, whose values are ours or the cluster's own names: no sender can make series.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { INCOMING_TYPES, POLICY_EVALUATED } from '../events/types.ts';
import type { ScanStore } from '../scans/store.ts';
import { Conflict, Unanswered } from '../scans/unavailable.ts';
import type { AnyFunction } from './function.ts';
import type { Received } from './received.ts';

type Labels = Readonly<Record<string, string>>;

/** What is known of one name, as lines of the text format. */
interface Family {
  readonly lines: () => readonly string[];
}

interface Counter extends Family {
  /** Counts one more. */
  readonly add: (labels: Labels) => void;
}

interface Histogram extends Family {
  readonly observe: (labels: Labels, value: number) => void;
}

export interface Metrics {
  /** Counts an event by what became of it, and the verdict that it led to. */
  readonly count: (received: Received) => void;
  /** Does the work on a message for these functions, and observes how long it took. */
  readonly timed: <T>(functions: readonly Pick<AnyFunction, 'name'>[], work: () => Promise<T>) => Promise<T>;
  /** The store, whose writes that others were faster than are counted. */
  readonly watched: (store: ScanStore) => ScanStore;
  /** Counts what became of an alert, by the receiver's name in the configuration. */
  readonly alerts: Readonly<Record<'sent' | 'failed', (receiver: string) => void>>;
  /** All of it, as Prometheus reads it. */
  readonly text: () => string;
}

/** Series of one counter; beyond them no new one is begun, so that nothing grows without end. */
const MOST_SERIES = 10_000;

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const seriesOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const headOf = (name: string, type: string, help: string): readonly string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

const counter = (name: string, help: string): Counter => {
  const series = new Map<string, number>();
  return {
    add: (labels) => {
      const key = seriesOf(labels);
      if (series.has(key) || series.size < MOST_SERIES) series.set(key, (series.get(key) ?? 0) + 1);
    },
    lines: () => [
      ...headOf(name, 'counter', help),
      ...[...series].sort(byKey).map(([key, value]) => `${name}{${key}} ${value}`),
    ],
  };
};

/** Seconds: from an answer without any request, over one that compiles a policy, to a Service's own timeout. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** How many values there were up to each bound; the last has none. */
interface Observed {
  readonly counts: number[];
  sum: number;
}

const bucketLines = (name: string, key: string, { counts, sum }: Observed): readonly string[] => {
  let upTo = 0;
  const buckets = counts.map((count, at) => {
    upTo += count;
    return `${name}_bucket{${key},le="${BUCKETS[at] ?? '+Inf'}"} ${upTo}`;
  });
  return [...buckets, `${name}_sum{${key}} ${sum}`, `${name}_count{${key}} ${upTo}`];
};

/** By labels of which there are as few as functions. */
const histogram = (name: string, help: string): Histogram => {
  const series = new Map<string, Observed>();
  return {
    observe: (labels, value) => {
      const key = seriesOf(labels);
      const observed = series.get(key) ?? { counts: new Array<number>(BUCKETS.length + 1).fill(0), sum: 0 };
      const at = BUCKETS.findIndex((bound) => value <= bound);
      const bucket = at < 0 ? BUCKETS.length : at;
      observed.counts[bucket] = (observed.counts[bucket] ?? 0) + 1;
      observed.sum += value;
      series.set(key, observed);
    },
    lines: () => [
      ...headOf(name, 'histogram', help),
      ...[...series].sort(byKey).flatMap(([key, observed]) => bucketLines(name, key, observed)),
    ],
  };
};

const TYPES: ReadonlySet<string> = new Set(INCOMING_TYPES);

/** The verdict that an event tells, which is one of ours. */
const verdictLabels = ({ data }: JsonObject): Labels => {
  const { scan, policy, verdict, warnings } = isJsonObject(data) ? data : {};
  return {
    namespace: isJsonObject(scan) ? String(scan.namespace) : '',
    policy: isJsonObject(policy) ? String(policy.name) : '',
    verdict: String(verdict),
    warned: String(warnings !== undefined),
  };
};

/** The function's name; several share the route of all, whatever becomes of the message. */
const routeOf = (functions: readonly Pick<AnyFunction, 'name'>[]): string =>
  functions.length === 1 ? String(functions[0]?.name) : 'all';

const timing =
  (durations: Histogram): Metrics['timed'] =>
  async (functions, work) => {
    const began = performance.now();
    try {
      return await work();
    } finally {
      durations.observe({ function: routeOf(functions) }, (performance.now() - began) / 1_000);
    }
  };

/** A write that nobody answered is no conflict: it may have been the first. */
const watching =
  (conflicts: Counter): Metrics['watched'] =>
  (store) => ({
    ...store,
    write: async (read, next) => {
      try {
        await store.write(read, next);
      } catch (error) {
        if (error instanceof Conflict && !(error instanceof Unanswered)) conflicts.add({ kind: read.scan.kind });
        throw error;
      }
    },
  });

/** Counts from nothing. */
export const startMetrics = (): Metrics => {
  const events = counter('scan_status_events_total', 'Events by type (other: none that is taken) and outcome.');
  const verdicts = counter('scan_status_verdicts_total', 'Verdicts of policies; warned: a warning came with it.');
  const durations = histogram('scan_status_message_duration_seconds', 'From a message to its answer, by function.');
  const conflicts = counter('scan_status_conflicts_total', 'Writes of a scan that somebody else was faster than.');
  const sent = counter('alerts_sent_total', 'Alerts that a receiver took, by receiver.');
  const failed = counter('alerts_failed_total', 'Times that a receiver could not be told of an alert, by receiver.');
  return {
    alerts: { sent: (receiver) => sent.add({ receiver }), failed: (receiver) => failed.add({ receiver }) },
    timed: timing(durations),
    watched: watching(conflicts),
    count: ({ type = '', outcome, emits = [] }) => {
      events.add({ type: TYPES.has(type) ? type : 'other', outcome });
      for (const event of emits) if (event.type === POLICY_EVALUATED) verdicts.add(verdictLabels(event));
    },
    text: () =>
      `${[events, verdicts, durations, conflicts, sent, failed].flatMap(({ lines }) => lines()).join('\n')}\n`,
  };
};
