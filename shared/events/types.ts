/** The types of events that come in and go out, and what each says. */
import type { FactType } from '../conditions/facts.ts';

export const JOB_STARTED = 'dev.scanstatus.job-started.v1';
export const JOB_FINISHED = 'dev.scanstatus.job-finished.v1';
export const REPORT_READY = 'dev.scanstatus.report-ready.v1';
export const POLICY_EVALUATED = 'dev.scanstatus.policy-evaluated.v1';
export const STATUS_CHANGED = 'dev.scanstatus.status-changed.v1';

/** A tick: alerts that were held back may be due. Knative's PingSource has a type of its own for any tick. */
export const ALERTS_DUE = 'dev.scanstatus.alerts-due.v1';
export const KNATIVE_PING = 'dev.knative.sources.ping';

/** Knative's ApiServerSource in resource mode: `data` is the whole object. */
export const APISERVER_ADDED = 'dev.knative.apiserver.resource.add';
export const APISERVER_UPDATED = 'dev.knative.apiserver.resource.update';
export const APISERVER_DELETED = 'dev.knative.apiserver.resource.delete';

/** Every type that comes in. */
export const INCOMING_TYPES = [
  JOB_STARTED,
  JOB_FINISHED,
  REPORT_READY,
  POLICY_EVALUATED,
  STATUS_CHANGED,
  ALERTS_DUE,
  KNATIVE_PING,
  APISERVER_ADDED,
  APISERVER_UPDATED,
  APISERVER_DELETED,
] as const;

/** What a type promises that its data tells; a type that is not listed promises nothing. */
export const PROMISED_FACT: ReadonlyMap<string, FactType> = new Map([
  [JOB_STARTED, 'started'],
  [JOB_FINISHED, 'finished'],
]);
