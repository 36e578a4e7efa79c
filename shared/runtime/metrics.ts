/**
 * What is counted, in the text format of Prometheus.
 *
 * Counters alone, and by few labels whose values are ours or the cluster's own names: no sender can make series.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import {
  APISERVER_ADDED,
  APISERVER_DELETED,
  APISERVER_UPDATED,
  JOB_FINISHED,
  JOB_STARTED,
  POLICY_EVALUATED,
  REPORT_READY,
} from '../events/types.ts';
import type { Received } from './received.ts';

type Labels = Readonly<Record<string, string>>;

interface Counter {
  /** Counts one more. */
  readonly add: (labels: Labels) => void;
}

export interface Metrics {
  /** Counts an event by what became of it, and the verdict that it led to. */
  readonly count: (received: Received) => void;
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

const counter = (name: string, help: string): Counter & { readonly lines: () => readonly string[] } => {
  const series = new Map<string, number>();
  return {
    add: (labels) => {
      const key = seriesOf(labels);
      if (series.has(key) || series.size < MOST_SERIES) series.set(key, (series.get(key) ?? 0) + 1);
    },
    lines: () => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} counter`,
      ...[...series].sort().map(([key, value]) => `${name}{${key}} ${value}`),
    ],
  };
};

const TYPES: ReadonlySet<string> = new Set([
  APISERVER_ADDED,
  APISERVER_DELETED,
  APISERVER_UPDATED,
  JOB_FINISHED,
  JOB_STARTED,
  POLICY_EVALUATED,
  REPORT_READY,
]);

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

/** Counts from nothing. */
export const startMetrics = (): Metrics => {
  const events = counter('scan_status_events_total', 'Events by type (other: none that is taken) and outcome.');
  const verdicts = counter('scan_status_verdicts_total', 'Verdicts of policies; warned: a warning came with it.');
  return {
    count: ({ type = '', outcome, emits = [] }) => {
      events.add({ type: TYPES.has(type) ? type : 'other', outcome });
      for (const event of emits) if (event.type === POLICY_EVALUATED) verdicts.add(verdictLabels(event));
    },
    text: () => `${[events, verdicts].flatMap(({ lines }) => lines()).join('\n')}\n`,
  };
};
