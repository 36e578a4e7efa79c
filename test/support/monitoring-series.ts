/**
 * What there is to scrape, in promtool's notation: a value for each `STEP`.
 *
 * All that functions count comes from pods that live for a minute, and most of it is there at a pod's first scrape.
 *
 * @see https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
 */

import { JOB_FINISHED } from '../../shared/events/types.ts';

/** Values by series. */
export type Series = Readonly<Record<string, string>>;
/** Counts by labels. */
type Counts = Readonly<Record<string, number>>;

/** Seconds from one scrape to the next. */
export const STEP = 15;
const MINUTE = 60 / STEP;
const HOURS = 4;
const STEPS = HOURS * 60 * MINUTE;

/** What holds still for hours, such as an instant or a status. */
const still = (value: number): string => `${value}+0x${STEPS}`;

/** A pod is scraped four times, and never again. */
const minuteOf = (name: string, counts: Counts, pod: number, from: number): Series =>
  Object.fromEntries(
    Object.entries(counts).map(([labels, count]) => [
      `${name}{${labels},pod="pod-${pod}"}`,
      `_x${from} ${count}+0x${MINUTE - 1} stale`,
    ]),
  );

/** So many pods, the first in the second minute, each three minutes after the one before. */
export const pods = (name: string, counts: Counts, many = 30): Series =>
  Object.assign({}, ...Array.from({ length: many }, (_, pod) => minuteOf(name, counts, pod, (1 + 3 * pod) * MINUTE)));

/** A pod that stays, and counts one more at each scrape. */
export const stayingPod = (name: string, labels: string): Series => ({
  [`${name}{${labels},pod="stays"}`]: `100+1x${STEPS}`,
});

/** Events of each pod by their outcome. */
export const events = (
  counts: Counts,
  { many, type = JOB_FINISHED }: { many?: number; type?: string } = {},
): Series => {
  const labelled = Object.entries(counts).map(([outcome, count]) => [`type="${type}",outcome="${outcome}"`, count]);
  return pods('scan_status_events_total', Object.fromEntries(labelled), many);
};

/** Durations of each pod: of 20 messages so many took at most five seconds, and the others at most ten. */
export const durations = (within: number): Series => {
  const of = 'function="job-finished"';
  const buckets = { [`${of},le="5"`]: within, [`${of},le="10"`]: 20, [`${of},le="+Inf"`]: 20 };
  return pods('scan_status_message_duration_seconds_bucket', buckets);
};

const stateSet = (name: string, label: string, states: readonly string[], state: string): Series =>
  Object.fromEntries(states.map((one) => [name.replace('}', `,${label}="${one}"}`), still(one === state ? 1 : 0)]));

const scanOf = (name: string, more = ''): string =>
  `{customresource_kind="ImageScan",namespace="team",name="${name}"${more}}`;

/** A scan whose newest run began at second 0. */
export const scan = (name: string, phase: string): Series => ({
  [`scan_newest_run_timestamp_seconds${scanOf(name)}`]: still(0),
  ...stateSet(`scan_phase${scanOf(name)}`, 'phase', ['Pending', 'Scanning', 'Completed', 'Failed', 'Error'], phase),
});

export const scanCondition = (name: string, type: string, status: string): Series =>
  stateSet(`scan_condition${scanOf(name, `,type="${type}"`)}`, 'status', ['True', 'False', 'Unknown'], status);

/** The second since when a scan's Job is over. */
export const finished = (name: string, second: number): Series => ({
  ...scanCondition(name, 'Succeeded', 'True'),
  [`scan_condition_since_timestamp_seconds${scanOf(name, ',type="Succeeded"')}`]: still(second),
});

/** The second at which a scan was created. */
export const created = (name: string, second: number): Series => ({
  [`scan_created_timestamp_seconds${scanOf(name)}`]: still(second),
});

export const vulnerabilities = (name: string, severity: string, many: number): Series => ({
  [`scan_vulnerabilities${scanOf(name, `,severity="${severity}"`)}`]: still(many),
});

export const policy = (name: string, type: string, status: string): Series => {
  const labels = `{customresource_kind="ScanPolicy",namespace="team",name="${name}",type="${type}"}`;
  return stateSet(`scan_policy_condition${labels}`, 'status', ['True', 'False', 'Unknown'], status);
};
