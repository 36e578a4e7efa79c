/** For each alert a world in which it fires, and for each way of being wrong about it a world in which it does not. */
import {
  ALERTS_DUE,
  APISERVER_ADDED,
  APISERVER_UPDATED,
  JOB_FINISHED,
  JOB_STARTED,
  KNATIVE_PING,
  STATUS_CHANGED,
} from '../../shared/events/types.ts';
import { created, durations, events, finished, pods, policy, type Series, scan } from './monitoring-series.ts';

interface Firing {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface World {
  readonly what: string;
  readonly series: Series;
  /** The alerts that fire so many seconds after the beginning; all others are silent then. */
  readonly firing: readonly (readonly [second: number, ...alerts: readonly Firing[]])[];
}

const MINUTE = 60;
const CRITICAL = { severity: 'critical' };
const WARNING = { severity: 'warning' };
const SCAN = { customresource_kind: 'ImageScan', namespace: 'team', name: 'slow', ...WARNING };
const POLICY = { customresource_kind: 'ScanPolicy', namespace: 'team', status: 'False', ...WARNING };

const HEALTHY = events({ applied: 20, duplicate: 5 });

const alert = (name: string, labels: Firing['labels'], summary: string): Firing => ({ alert: name, labels, summary });

const ABOUT_SCANS: readonly World[] = [
  {
    what: 'a scan runs for more than two hours, and another was there as long ago',
    series: { ...HEALTHY, ...scan('slow', 'Scanning'), ...scan('done', 'Completed') },
    firing: [
      [110 * MINUTE],
      [125 * MINUTE],
      [140 * MINUTE, alert('ScanStuck', SCAN, 'ImageScan team/slow has been running for 2h 20m 0s')],
    ],
  },
  {
    what: 'a Job is over, and its policy says nothing',
    series: { ...HEALTHY, ...scan('slow', 'Scanning'), ...finished('slow', 5 * MINUTE), ...finished('done', 0) },
    firing: [
      [30 * MINUTE],
      [40 * MINUTE],
      [
        50 * MINUTE,
        alert(
          'ScanWithoutVerdict',
          { ...SCAN, type: 'Succeeded' },
          'ImageScan team/slow ended 45m 0s ago, and its policy has said nothing',
        ),
      ],
      [
        140 * MINUTE,
        alert(
          'ScanWithoutVerdict',
          { ...SCAN, type: 'Succeeded' },
          'ImageScan team/slow ended 2h 15m 0s ago, and its policy has said nothing',
        ),
      ],
    ],
  },
  {
    what: 'a policy lets planted vulnerabilities pass, and of another nobody knows',
    series: { ...HEALTHY, ...policy('lax', 'CanaryDenied', 'False'), ...policy('odd', 'CanaryDenied', 'Unknown') },
    firing: [
      [10 * MINUTE],
      [
        16 * MINUTE,
        alert(
          'ScanPolicySilent',
          { ...POLICY, name: 'lax', type: 'CanaryDenied' },
          'ScanPolicy team/lax lets planted vulnerabilities pass',
        ),
      ],
    ],
  },
  {
    what: 'a policy does not compile, and another is being compiled',
    series: { ...HEALTHY, ...policy('broken', 'Compiled', 'False'), ...policy('new', 'Compiled', 'Unknown') },
    firing: [
      [10 * MINUTE],
      [
        16 * MINUTE,
        alert(
          'ScanPolicyNotCompiled',
          { ...POLICY, name: 'broken', type: 'Compiled' },
          'ScanPolicy team/broken does not compile, so its scans cannot be judged',
        ),
      ],
    ],
  },
];

const ABOUT_EVENTS: readonly World[] = [
  {
    what: 'scans are created, and no event comes',
    series: { ...created('one', 0), ...created('two', 60) },
    firing: [
      [5 * MINUTE],
      [
        30 * MINUTE,
        alert('ScanEventsMissing', CRITICAL, 'Scans that were created in the last hour: 2; events of their Jobs: none'),
      ],
      // Nobody has created a scan for an hour, so nothing need come.
      [70 * MINUTE],
    ],
  },
  {
    what: 'scans are created, and nothing comes but what is not from a Job',
    series: {
      ...created('one', 0),
      ...Object.assign(
        {},
        ...[ALERTS_DUE, KNATIVE_PING, STATUS_CHANGED].map((type) => events({ applied: 1 }, { type })),
      ),
    },
    firing: [
      [
        30 * MINUTE,
        alert('ScanEventsMissing', CRITICAL, 'Scans that were created in the last hour: 1; events of their Jobs: none'),
      ],
    ],
  },
  ...[JOB_STARTED, JOB_FINISHED, APISERVER_ADDED, APISERVER_UPDATED].map((type) => ({
    what: `one pod had one event, half an hour ago: ${type}`,
    series: { ...created('one', 0), ...created('two', 30 * MINUTE), ...events({ applied: 1 }, { type, many: 1 }) },
    firing: [[15 * MINUTE], [30 * MINUTE], [45 * MINUTE]] as const,
  })),
  {
    what: 'one event in ten is malformed, and one in twenty has no good credentials',
    series: events({ applied: 17, rejected: 2, refused: 1 }),
    firing: [
      [5 * MINUTE],
      [20 * MINUTE, alert('ScanEventsRejected', { outcome: 'rejected', ...WARNING }, '10% of the events are rejected')],
    ],
  },
  {
    what: 'one event in four has no good credentials',
    series: events({ applied: 3, refused: 1 }),
    firing: [
      [5 * MINUTE],
      [20 * MINUTE, alert('ScanEventsRejected', { outcome: 'refused', ...WARNING }, '25% of the events are refused')],
    ],
  },
  {
    what: 'three events in ten cannot be written, while a timer ticks',
    series: { ...events({ applied: 7, unavailable: 3 }), ...events({ applied: 20 }, { type: ALERTS_DUE }) },
    firing: [
      [5 * MINUTE],
      [20 * MINUTE, alert('ScanEventsUnavailable', CRITICAL, '30% of the events cannot be written now')],
    ],
  },
  {
    what: 'a receiver takes no alert, so that half of all events come again',
    series: {
      ...HEALTHY,
      ...events({ unavailable: 25 }, { type: STATUS_CHANGED }),
      ...pods('alerts_failed_total', { 'receiver="chat"': 25 }),
    },
    firing: [
      [
        21 * MINUTE,
        alert(
          'ScanAlertsFailing',
          { receiver: 'chat', ...CRITICAL },
          'chat could not be told of alerts; failures in ten minutes: 75',
        ),
      ],
    ],
  },
  {
    what: 'one event in ten cannot be written',
    series: events({ applied: 9, unavailable: 1 }),
    firing: [[5 * MINUTE], [20 * MINUTE], [60 * MINUTE]],
  },
];

const ABOUT_FUNCTIONS: readonly World[] = [
  {
    what: 'one alert does not reach one receiver, once',
    series: {
      ...HEALTHY,
      ...pods('alerts_sent_total', { 'receiver="pager"': 1 }),
      ...pods('alerts_failed_total', { 'receiver="chat"': 1 }, 1),
    },
    firing: [
      [1.5 * MINUTE],
      [
        4 * MINUTE,
        alert(
          'ScanAlertsFailing',
          { receiver: 'chat', ...CRITICAL },
          'chat could not be told of alerts; failures in ten minutes: 1',
        ),
      ],
      [20 * MINUTE],
    ],
  },
  {
    what: 'one message in ten takes long',
    series: { ...HEALTHY, ...durations(18) },
    firing: [
      [10 * MINUTE],
      [
        25 * MINUTE,
        alert(
          'ScanFunctionSlow',
          { function: 'job-finished', ...WARNING },
          'One message in twenty takes job-finished longer than 7.5s',
        ),
      ],
    ],
  },
  {
    what: 'somebody else writes the scans',
    series: {
      ...HEALTHY,
      ...events({ applied: 25 }, { type: STATUS_CHANGED }),
      ...pods('scan_status_conflicts_total', { 'kind="ImageScan"': 15 }),
    },
    firing: [
      [10 * MINUTE],
      [
        25 * MINUTE,
        alert('ScanConflicts', WARNING, '60% as many conflicts as events: something else writes the scans'),
      ],
    ],
  },
];

const ALL_IS_WELL: World = {
  what: 'all is well',
  series: {
    ...HEALTHY,
    ...scan('done', 'Completed'),
    ...finished('done', 60),
    ...created('done', 0),
    ...policy('strict', 'CanaryDenied', 'True'),
    ...policy('strict', 'Compiled', 'True'),
    ...pods('alerts_sent_total', { 'receiver="pager"': 3 }),
    ...pods('scan_status_conflicts_total', { 'kind="ImageScan"': 2 }),
    ...durations(20),
  },
  firing: [[1 * MINUTE], [15 * MINUTE], [30 * MINUTE], [60 * MINUTE], [90 * MINUTE], [180 * MINUTE]],
};

export const WORLDS: readonly World[] = [ALL_IS_WELL, ...ABOUT_SCANS, ...ABOUT_EVENTS, ...ABOUT_FUNCTIONS];
