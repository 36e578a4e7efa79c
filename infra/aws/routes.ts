/**
 * What of the bus reaches which function: the patterns of its rules.
 *
 * They look at the event itself and not at what EventBridge says about it, so that an event means the same whoever put it
 * there. An event matches at most one pattern of a function. No function is sent what it makes others emit again: there is
 * no way round in a circle.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
import {
  ALERTS_DUE,
  APISERVER_ADDED,
  APISERVER_DELETED,
  APISERVER_UPDATED,
  JOB_FINISHED,
  JOB_STARTED,
  POLICY_EVALUATED,
  REPORT_READY,
  STATUS_CHANGED,
} from '../../shared/events/types.ts';

/** An event pattern: each list holds what a field may be. */
export interface Pattern {
  readonly [field: string]: Pattern | readonly string[];
}

/** The patterns of a function, by the name of what they let through. */
export type Routes = Readonly<Record<string, Pattern>>;

const cloudEvents = (...type: readonly string[]): Pattern => ({ detail: { specversion: ['1.0'], type } });

/** Knative's ApiServerSource wraps the whole object. */
const objects = (kind: string, ...type: readonly string[]): Pattern => ({
  detail: { specversion: ['1.0'], type, data: { kind: [kind] } },
});

/** The exporter's EventBridge receiver without `details` sends its own object, in no CloudEvent. */
const exporterEvents = (...reason: readonly string[]): Pattern => ({
  detail: { involvedObject: { kind: ['Job'], apiVersion: ['batch/v1'] }, reason },
});

const STARTED = ['SuccessfulCreate'];
const FINISHED = [
  'Completed',
  'BackoffLimitExceeded',
  'DeadlineExceeded',
  'PodFailurePolicy',
  'FailedIndexes',
  'MaxFailedIndexesExceeded',
];

export const ROUTES: ReadonlyMap<string, Routes> = new Map([
  [
    'job-started',
    {
      CloudEvents: cloudEvents(JOB_STARTED),
      Objects: objects('Job', APISERVER_ADDED, APISERVER_UPDATED),
      ExporterEvents: exporterEvents(...STARTED),
    },
  ],
  [
    'job-finished',
    {
      CloudEvents: cloudEvents(JOB_FINISHED),
      Objects: objects('Job', APISERVER_ADDED, APISERVER_UPDATED, APISERVER_DELETED),
      ExporterEvents: exporterEvents(...FINISHED),
    },
  ],
  [
    'evaluate-policy',
    {
      CloudEvents: cloudEvents(REPORT_READY, JOB_FINISHED),
      Objects: objects('Job', APISERVER_ADDED, APISERVER_UPDATED),
      ExporterEvents: exporterEvents(...FINISHED),
    },
  ],
  ['policy-evaluated', { CloudEvents: cloudEvents(POLICY_EVALUATED) }],
  ['compile-policy', { Objects: objects('ScanPolicy', APISERVER_ADDED, APISERVER_UPDATED) }],
  // Ticks of its own schedule go to its queue at once; these are somebody else's.
  ['alert', { CloudEvents: cloudEvents(STATUS_CHANGED, ALERTS_DUE) }],
]);
