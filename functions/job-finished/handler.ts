/**
 * A scan's Job finished: its newest run has a result.
 *
 * Sets `Succeeded`, and `Scanning` to False. An older run that ends late overwrites nothing of a newer one.
 */
import { readJobEvent } from '../../shared/events/job-event.ts';
import { finishedFact } from '../../shared/events/job-facts.ts';
import { APISERVER_ADDED, APISERVER_DELETED, APISERVER_UPDATED, JOB_FINISHED } from '../../shared/events/types.ts';
import type { ScanFunction } from '../../shared/runtime/function.ts';

export const jobFinished: ScanFunction = {
  name: 'job-finished',
  accepts: [JOB_FINISHED, APISERVER_ADDED, APISERVER_UPDATED, APISERVER_DELETED],
  fact: (event, scope) => finishedFact(readJobEvent(event, scope)),
};
