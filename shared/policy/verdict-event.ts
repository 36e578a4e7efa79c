/**
 * The event that tells a verdict: a function of the request and the policy, signed where there is a key.
 *
 * Asked for again it is the same event, with the same `id`.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../conditions/canonical.ts';
import type { JsonObject } from '../conditions/status.ts';
import { cutText, ERROR_BYTES, textBytes } from '../conditions/text.ts';
import type { Event } from '../events/event.ts';
import { POLICY_EVALUATED } from '../events/types.ts';
import type { Evaluation } from './evaluation.ts';
import type { EvaluationRequest } from './evaluation-request.ts';
import { SIGNATURE } from './verdict-signature.ts';

/**
 * The digest where nothing was evaluated, for want of a bundle or of a report: less than any, so that what was evaluated
 * by the policy as it stands is never taken away, and what can be later stands.
 */
export const NO_DIGEST = 'none';

/** A policy as a verdict names it. */
export interface PolicyName {
  readonly name: string;
  /** The bundle's, or `NO_DIGEST`. */
  readonly digest: string;
  readonly generation?: number;
}

/** The detached signature of a verdict's data. */
export type Sign = (data: JsonObject) => Promise<string>;

const CARRIED = ['traceparent', 'scanreplay'] as const;

const carried = ({ extensions }: Event): JsonObject =>
  Object.fromEntries(CARRIED.filter((name) => name in extensions).map((name) => [name, extensions[name]]));

/** Bytes of JSON for the IDs that an event holds: brokers and queues take no events of any size. */
const VIOLATION_BYTES = 128 * 1_024;
const WARNING_BYTES = 512;

const cutViolations = (violations: readonly string[]): readonly string[] => {
  let bytes = 0;
  return violations.filter((id) => {
    bytes += textBytes(id) + 3;
    return bytes <= VIOLATION_BYTES;
  });
};

/** An evaluation as small as an event must be; what is left out is told. */
const cutEvaluation = ({ warnings = [], error, ...evaluation }: Evaluation): Evaluation => {
  const violations = cutViolations(evaluation.violations);
  const more = evaluation.violations.length - violations.length;
  const told = [...warnings, ...(more > 0 ? [`${more} more violations are left out, for an event holds no more`] : [])];
  return {
    ...evaluation,
    violations,
    ...(told.length > 0 && { warnings: told.map((warning) => cutText(warning, WARNING_BYTES)) }),
    ...(error !== undefined && { error: cutText(error, ERROR_BYTES) }),
  };
};

/** The CloudEvent, in JSON, that tells the verdict on a request. */
export const verdictEvent = async (
  { scan, run, evaluatedAt }: EvaluationRequest,
  policy: PolicyName,
  evaluation: Evaluation,
  { cause, cluster, sign }: { readonly cause: Event; readonly cluster: string; readonly sign?: Sign | undefined },
): Promise<JsonObject> => {
  const data = { scan, run: { uid: run }, policy, evaluatedAt, ...cutEvaluation(evaluation) };
  return {
    specversion: '1.0',
    id: createHash('sha256').update(canonicalJson(data)).digest('hex'),
    source: `/scanstatus/${cluster}`,
    type: POLICY_EVALUATED,
    subject: `${scan.namespace}/${scan.kind}/${scan.name}`,
    time: evaluatedAt,
    datacontenttype: 'application/json',
    ...carried(cause),
    ...(sign && { [SIGNATURE]: await sign(data) }),
    data,
  };
};
