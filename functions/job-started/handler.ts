/**
 * A scan's Job started: its newest run is running.
 *
 * Sets `Scanning` to True. Seen twice, or after the run finished, it changes no condition.
 */
import { readJobEvent } from '../../shared/events/job-event.ts';
import { startedFact } from '../../shared/events/job-facts.ts';
import { APISERVER_ADDED, APISERVER_UPDATED, JOB_STARTED } from '../../shared/events/types.ts';
import type { ScanFunction } from '../../shared/runtime/function.ts';

export const jobStarted: ScanFunction = {
  name: 'job-started',
  accepts: [JOB_STARTED, APISERVER_ADDED, APISERVER_UPDATED],
  fact: (event, scope) => startedFact(readJobEvent(event, scope)),
};
