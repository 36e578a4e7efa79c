/** What the functions of policies share, where the scans are in a cluster. */
import type { Scope } from '../events/scope.ts';
import { type Compiled, compiledModules } from '../policy/bundle/compiled.ts';
import { type Evaluator, startEvaluator } from '../policy/evaluator.ts';
import type { Connection } from '../scans/kubernetes-connection.ts';
import { kubernetesConfigMaps, kubernetesPolicies } from '../scans/kubernetes-policies.ts';
import type { ConfigMaps, Policies } from '../scans/policies.ts';
import { WrongSetting } from './config.ts';
import { type PolicySettings, readPolicySettings } from './config-policies.ts';

export interface OpenPolicies {
  readonly connection: Connection;
  readonly settings: PolicySettings;
  readonly policies: Policies;
  readonly configMaps: ConfigMaps;
  readonly evaluator: Evaluator;
  readonly modules: Compiled;
}

/** Opens them, and starts no thread yet. Throws `WrongSetting`. */
export const openPolicies = (connection: Connection | undefined, { group }: Scope): OpenPolicies => {
  if (connection === undefined) throw new WrongSetting('SCAN_STORE', 'must be kubernetes, which is where policies are');
  const settings = readPolicySettings();
  return {
    connection,
    settings,
    policies: kubernetesPolicies(connection, group),
    configMaps: kubernetesConfigMaps(connection),
    evaluator: startEvaluator(settings),
    modules: compiledModules(),
  };
};
