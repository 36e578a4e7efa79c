/**
 * A run's report is there, and there is no cluster: no scan names a policy, so none is evaluated.
 *
 * What is wrong with the event is told all the same.
 */
import { readReportReady } from '../../shared/events/report-ready.ts';
import { outOfScope } from '../../shared/events/scope.ts';
import { REPORT_READY } from '../../shared/events/types.ts';
import type { ScanFunction } from '../../shared/runtime/function.ts';

export const evaluateNothing: ScanFunction = {
  name: 'evaluate-policy',
  accepts: [REPORT_READY],
  fact: (event, scope) =>
    outOfScope(readReportReady(event, scope).scan, scope) ?? { ignored: 'the scan names no policy' },
};
