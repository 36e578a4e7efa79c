/**
 * A policy was evaluated over a run's report: the scan is compliant or not, and by which vulnerabilities.
 *
 * Sets `PolicySucceeded`, and what the report told. Of several verdicts on one run the latest stands.
 */
import { evaluatedFact } from '../../shared/events/policy-evaluated.ts';
import { POLICY_EVALUATED } from '../../shared/events/types.ts';
import type { ScanFunction } from '../../shared/runtime/function.ts';

export const policyEvaluated: ScanFunction = {
  name: 'policy-evaluated',
  accepts: [POLICY_EVALUATED],
  fact: evaluatedFact,
};
