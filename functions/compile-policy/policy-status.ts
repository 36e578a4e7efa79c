/** The status of a ScanPolicy: what became of it when it was compiled. What others wrote there is kept. */
import { instantAt } from '../../shared/conditions/instant.ts';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { cutText, MESSAGE_BYTES } from '../../shared/conditions/text.ts';
import type { ScanPolicy } from '../../shared/scans/policies.ts';

/** Of a ScanPolicy's conditions those that are ours. */
const TYPES = ['Compiled', 'CanaryDenied'] as const;
type PolicyConditionType = (typeof TYPES)[number];

export interface PolicyCondition {
  readonly type: PolicyConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** The bundle that stands for the policy, and where it is. */
export interface StoredBundle {
  readonly digest: string;
  readonly configMap: string;
}

/** What became of a policy. */
export interface Compilation {
  /** Absent where there is none, or where the spec itself names it. */
  readonly bundle?: StoredBundle;
  /** The conditions that it tells; of ours, any other goes. */
  readonly conditions: readonly PolicyCondition[];
}

const conditionsOf = ({ conditions }: JsonObject): readonly JsonObject[] =>
  Array.isArray(conditions) ? conditions.filter(isJsonObject) : [];

/** The time moves with the condition's status alone, as the Kubernetes API conventions have it. */
const asWritten = (
  told: PolicyCondition,
  before: JsonObject | undefined,
  { generation }: ScanPolicy,
  now: number,
): JsonObject => {
  const since = before?.status === told.status ? before.lastTransitionTime : undefined;
  const message = cutText(told.message, MESSAGE_BYTES);
  return { ...before, ...told, message, observedGeneration: generation, lastTransitionTime: since ?? instantAt(now) };
};

/** The status that a policy should have, given what became of it; `now` in Unix milliseconds. */
export const policyStatus = (policy: ScanPolicy, { bundle, conditions }: Compilation, now: number): JsonObject => {
  const { bundle: _, ...others } = policy.status;
  const before = conditionsOf(policy.status);
  const isOurs = ({ type }: JsonObject): boolean => TYPES.some((ours) => ours === type);
  const ours = conditions.map((told) =>
    asWritten(
      told,
      before.find(({ type }) => type === told.type),
      policy,
      now,
    ),
  );
  return {
    ...others,
    observedGeneration: policy.generation,
    ...(bundle && { bundle }),
    conditions: [...ours, ...before.filter((condition) => !isOurs(condition))],
  };
};

/** What the status says of the policy as it stands now; `undefined` where it speaks of none, or an earlier one. */
export const knownCondition = (policy: ScanPolicy, type: PolicyConditionType): JsonObject | undefined =>
  conditionsOf(policy.status).find(
    (condition) => condition.type === type && condition.observedGeneration === policy.generation,
  );

/** The bundle that the status names. */
export const knownBundle = ({ status }: ScanPolicy): StoredBundle | undefined => {
  const { digest, configMap } = isJsonObject(status.bundle) ? status.bundle : {};
  return typeof digest === 'string' && typeof configMap === 'string' ? { digest, configMap } : undefined;
};
