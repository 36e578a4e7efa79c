/** The ConfigMap that holds a compiled policy. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { SCAN_POLICY } from '../../shared/events/scan-policy.ts';
import type { CompiledRego } from '../../shared/policy/compile.ts';
import { BUNDLE_KEY, type ConfigMap, type ScanPolicy } from '../../shared/scans/policies.ts';

/** The API server takes no ConfigMap that holds more bytes, in however many members. */
export const MOST_BYTES = 2 ** 20;

const LONGEST_NAME = 253;
const DIGEST_DIGITS = 12;
const LIFE_DIGITS = 6;

const digits = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * `POLICY-DIGEST-LIFE`: by its policy for people, by its digest because it never changes, and by the policy's uid because
 * the ConfigMap of a policy that was deleted may outlive it for a while, and then goes.
 */
export const mapName = ({ name, uid }: Pick<ScanPolicy, 'name' | 'uid'>, digest: string): string => {
  const end = `-${digest.slice('sha256:'.length).slice(0, DIGEST_DIGITS)}-${digits(uid).slice(0, LIFE_DIGITS)}`;
  // A label of a DNS name does not end in a hyphen, nor begin with one.
  return name.slice(0, LONGEST_NAME - end.length).replace(/[-.]+$/, '') + end;
};

/** What is created. It goes with its policy, and nobody can change it. */
export const bundleMap = (policy: ScanPolicy, { bundle, digest }: CompiledRego): JsonObject => {
  const { apiVersion, namespace, name, uid } = policy;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace,
      name: mapName(policy, digest),
      labels: { 'app.kubernetes.io/managed-by': 'scan-status' },
      // blockOwnerDeletion would need rights over the policy's finalizers, and nothing waits for the ConfigMap.
      ownerReferences: [{ apiVersion, kind: SCAN_POLICY, name, uid, controller: true }],
    },
    immutable: true,
    binaryData: { [BUNDLE_KEY]: Buffer.from(bundle).toString('base64') },
  };
};

/** Whether it holds the bundle of this digest, and goes with this policy and no earlier. */
export const holdsBundle = ({ metadata, binaryData }: ConfigMap, uid: string, digest: string): boolean => {
  const owners: readonly unknown[] = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences : [];
  const isOwned = owners.some((owner) => (owner as JsonObject | null)?.uid === uid);
  return isOwned && `sha256:${digits(Buffer.from(binaryData[BUNDLE_KEY] ?? '', 'base64'))}` === digest;
};
