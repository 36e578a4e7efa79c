/**
 * Keeps a policy compiled: read, compile, store the bundle, write the status; on a conflict from the start.
 *
 * Two at once do the same work and end in the same: the name of a bundle's ConfigMap tells what it holds, and a status is
 * compared before it is written.
 */
import type { PolicyRef } from '../../shared/events/scan-policy.ts';
import type { Handled } from '../../shared/runtime/function.ts';
import { WRITES, waitAfter } from '../../shared/scans/apply.ts';
import { mergePatch } from '../../shared/scans/merge-patch.ts';
import type { ScanPolicy } from '../../shared/scans/policies.ts';
import { Conflict, Unavailable } from '../../shared/scans/unavailable.ts';
import { holdsBundle } from './bundle-map.ts';
import { type CompileServices, compilation } from './compilation.ts';
import { knownBundle, knownCondition, policyStatus } from './policy-status.ts';

type Kept = Pick<Handled, 'outcome' | 'why'>;

/** Whether all is done: every write of ours comes back as an event, which must not be work again. */
const isDone = async (policy: ScanPolicy, { configMaps, canary }: CompileServices): Promise<boolean> => {
  const bundle = knownBundle(policy);
  if (policy.spec.regoFile === undefined || bundle === undefined) return false;
  if (knownCondition(policy, 'Compiled')?.status !== 'True') return false;
  if (canary !== undefined && knownCondition(policy, 'CanaryDenied') === undefined) return false;
  const found = await configMaps.get(policy.namespace, bundle.configMap);
  return found !== undefined && holdsBundle(found, policy.uid, bundle.digest);
};

const attempt = async (named: PolicyRef, services: CompileServices): Promise<Kept> => {
  const policy = await services.policies.get(named.namespace, named.name);
  if (policy?.uid !== named.uid) return { outcome: 'superseded', why: 'the policy is gone or was recreated' };
  if (await isDone(policy, services)) return { outcome: 'duplicate' };
  const status = policyStatus(policy, await compilation(policy, services), services.now());
  const patch = mergePatch(policy.status, status);
  if (patch === undefined) return { outcome: 'duplicate' };
  await services.policies.patchStatus(policy, patch);
  return { outcome: 'applied' };
};

/** Throws `Unavailable` where there is no compiler, the cluster cannot be asked, or conflicts persist. */
export const keepCompiled = async (named: PolicyRef, services: CompileServices): Promise<Kept> => {
  let last: Conflict | undefined;
  for (let tried = 0; tried < WRITES; tried += 1) {
    try {
      return await attempt(named, services);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      last = error;
      await waitAfter(tried);
    }
  }
  throw new Unavailable('the policy is written by others all the time', { cause: last?.cause });
};
