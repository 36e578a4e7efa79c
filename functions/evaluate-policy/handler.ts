/**
 * A run's report is there: the scan's policy is evaluated over it, and the verdict is told.
 *
 * Writes nothing: `policy-evaluated` makes a condition of what it emits. What goes wrong with the report or the policy is
 * a verdict as well, `error`; the same request always makes the same one.
 */
import { isIgnored, outOfScope } from '../../shared/events/scope.ts';
import { APISERVER_ADDED, APISERVER_UPDATED, JOB_FINISHED, REPORT_READY } from '../../shared/events/types.ts';
import type { Compiled } from '../../shared/policy/bundle/compiled.ts';
import { UnusableBundle } from '../../shared/policy/bundle/unusable-bundle.ts';
import { compiledPolicy, type Evaluation, evaluationError } from '../../shared/policy/evaluation.ts';
import { type ConfirmFact, type EvaluationRequest, requestOf } from '../../shared/policy/evaluation-request.ts';
import type { Evaluator } from '../../shared/policy/evaluator.ts';
import { type FoundPolicy, findPolicy, NoPolicy, type PolicyServices } from '../../shared/policy/find-policy.ts';
import { findReport, NoReport, type ReportServices } from '../../shared/policy/find-report.ts';
import { NO_DIGEST, type PolicyName, type Sign, verdictEvent } from '../../shared/policy/verdict-event.ts';
import type { Handled, WorkingFunction } from '../../shared/runtime/function.ts';
import type { ScanStore } from '../../shared/scans/store.ts';

export interface EvaluateServices extends PolicyServices, ReportServices {
  readonly store: Pick<ScanStore, 'find'>;
  readonly evaluator: Evaluator;
  readonly modules: Compiled;
  readonly confirm?: ConfirmFact | undefined;
  /** Signs verdicts; absent, they are not signed. */
  readonly sign?: Sign | undefined;
  /** Names the cluster in the events that go out. */
  readonly cluster: string;
}

/** What the policy says of the report, and which one it was. */
interface Judged {
  readonly policy: PolicyName;
  readonly evaluation: Evaluation;
}

const evaluateWith = async (
  { bundle, canaryIsStrict, warnings }: FoundPolicy,
  request: EvaluationRequest,
  services: EvaluateServices,
): Promise<Evaluation> => {
  const { bytes, format, cutBy } = await findReport(request, services);
  const { kind, namespace, name } = request.scan;
  const evaluation = await services.evaluator.evaluate({
    policy: compiledPolicy(bundle, await services.modules(bundle)),
    report: bytes,
    evaluatedAt: request.evaluatedAt,
    scan: { kind, namespace, name },
    ...(format && { format }),
    ...(canaryIsStrict && { canaryIsStrict }),
  });
  const warned = [...warnings, ...(evaluation.warnings ?? [])];
  const isCut = cutBy !== undefined && evaluation.error !== undefined;
  return {
    ...evaluation,
    ...(warned.length > 0 && { warnings: warned }),
    ...(isCut && { error: `${evaluation.error} (the log of container ${cutBy} is so long that it may be cut)` }),
  };
};

/** Finds the policy and the report, and evaluates; where either cannot be had for good, that is the verdict. */
const judge = async (policyName: string, request: EvaluationRequest, services: EvaluateServices): Promise<Judged> => {
  let policy: PolicyName | undefined;
  try {
    const found = await findPolicy(request.scan.namespace, policyName, services);
    policy = found.policy;
    const { isProvisional, ...evaluation } = await evaluateWith(found, request, services);
    return { policy: isProvisional ? { ...policy, digest: NO_DIGEST } : policy, evaluation };
  } catch (error) {
    if (error instanceof NoPolicy) return { policy: error.policy, evaluation: evaluationError(error.message) };
    if (policy !== undefined && error instanceof NoReport)
      return { policy: { ...policy, digest: NO_DIGEST }, evaluation: evaluationError(error.message) };
    if (policy !== undefined && error instanceof UnusableBundle)
      return { policy, evaluation: evaluationError(error.message) };
    throw error;
  }
};

const ignored = (why: string): Handled => ({ outcome: 'ignored', why, emits: [] });

const handle =
  (services: EvaluateServices): WorkingFunction['handle'] =>
  async (event, scope) => {
    const request = await requestOf(event, scope, services.confirm);
    if (isIgnored(request)) return ignored(request.ignored);
    const { scan } = request;
    const foreign = outOfScope(scan, scope);
    if (foreign !== undefined) return ignored(foreign.ignored);
    const live = (await services.store.find(scan)).find((stored) => stored.scan.uid === scan.uid);
    if (live === undefined) return { outcome: 'superseded', why: 'the scan is gone or was recreated', scan, emits: [] };
    if (live.spec.policy === undefined) return { ...ignored('the scan names no policy'), scan };
    const { policy, evaluation } = await judge(live.spec.policy, request, services);
    const emitted = await verdictEvent(request, policy, evaluation, { ...services, cause: event });
    return { outcome: 'applied', scan, emits: [emitted], ...whyOf(evaluation) };
  };

/** For the log: what people should know of a verdict beside itself. */
const whyOf = ({ error, warnings = [] }: Evaluation): Pick<Handled, 'why'> => {
  const told = [...(error === undefined ? [] : [error]), ...warnings];
  return told.length > 0 ? { why: told.join('; ') } : {};
};

/** The function, given what it works with. */
export const evaluatePolicy = (services: EvaluateServices): WorkingFunction => ({
  name: 'evaluate-policy',
  accepts: [REPORT_READY, JOB_FINISHED, APISERVER_ADDED, APISERVER_UPDATED],
  handle: handle(services),
});
