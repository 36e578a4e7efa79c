/** The functions that need a cluster, together in one process. */
import { openCompilePolicy } from '../functions/compile-policy/open.ts';
import { openEvaluatePolicy } from '../functions/evaluate-policy/open.ts';
import type { WorkingFunction } from '../shared/runtime/function.ts';
import type { Around } from '../shared/runtime/open.ts';
import { openPolicies } from '../shared/runtime/open-policies.ts';
import type { Connection } from '../shared/scans/kubernetes-connection.ts';

export interface ClusterFunctions {
  readonly functions: readonly WorkingFunction[];
  readonly close: () => Promise<void>;
}

/** Opens what they work with. Throws `WrongSetting`. */
export const clusterFunctions = (
  around: Pick<Around, 'store' | 'scope' | 'confirm' | 'cluster'>,
  connection: Connection,
): ClusterFunctions => {
  const policies = openPolicies(connection, around.scope);
  const evaluating = openEvaluatePolicy(around, policies);
  return {
    functions: [evaluating.evaluatePolicy, openCompilePolicy(policies)],
    close: async () => {
      evaluating.close();
      await policies.evaluator.close();
    },
  };
};
