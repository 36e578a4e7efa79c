/** What becomes of a policy: its Rego is compiled, stored, and asked about planted vulnerabilities. */
import type { CompiledRego } from '../../shared/policy/compile.ts';
import { DoesNotCompile } from '../../shared/policy/opa-check.ts';
import type { ConfigMaps, Policies, ScanPolicy } from '../../shared/scans/policies.ts';
import { Conflict, Unavailable } from '../../shared/scans/unavailable.ts';
import { bundleMap, holdsBundle, MOST_BYTES, mapName } from './bundle-map.ts';
import type { Compilation, PolicyCondition } from './policy-status.ts';

export interface CompileServices {
  readonly policies: Policies;
  readonly configMaps: ConfigMaps;
  /** Throws `DoesNotCompile`, and `Unavailable` where there is no compiler. */
  readonly compile: (text: string) => Promise<CompiledRego>;
  /** The report formats in which the policy denied nothing that was planted. Absent, nothing is planted. */
  readonly canary?: (bundle: Uint8Array) => Promise<readonly string[]>;
  /** Unix milliseconds: since when a condition holds. */
  readonly now: () => number;
}

const compiled = (status: 'True' | 'False', reason: string, message: string): PolicyCondition => ({
  type: 'Compiled',
  status,
  reason,
  message,
});

const fails = (reason: string, message: string): Compilation => ({ conditions: [compiled('False', reason, message)] });

const BROUGHT: Compilation = {
  conditions: [compiled('True', 'Brought', 'spec.bundle brings the policy compiled: there is nothing to compile')],
};

const canaryDenied = (status: PolicyCondition['status'], reason: string, message: string): PolicyCondition => ({
  type: 'CanaryDenied',
  status,
  reason,
  message,
});

const silentIn = (formats: readonly string[]): PolicyCondition => {
  if (formats.length === 0) return canaryDenied('True', 'Denied', 'The policy denies something in every report format');
  const where = `The policy denied nothing in a canary report in ${formats.join(', ')}`;
  return canaryDenied(
    'False',
    'DeniedNothing',
    `${where}: it may be narrow on purpose, or written for another report format`,
  );
};

/** What the policy makes of planted vulnerabilities: one that lets all pass may not see them. */
const askCanary = async (
  bundle: Uint8Array,
  canary: NonNullable<CompileServices['canary']>,
): Promise<PolicyCondition> => {
  try {
    return silentIn(await canary(bundle));
  } catch (error) {
    if (error instanceof Unavailable || !(error instanceof Error)) throw error;
    return canaryDenied('Unknown', 'Error', error.message);
  }
};

/** Creates the ConfigMap of the bundle, or finds it. Throws `Conflict` where it went away meanwhile. */
const isStored = async (policy: ScanPolicy, result: CompiledRego, configMaps: ConfigMaps): Promise<boolean> => {
  if ((await configMaps.create(policy.namespace, bundleMap(policy, result))) === 'created') return true;
  const found = await configMaps.get(policy.namespace, mapName(policy, result.digest));
  if (found === undefined) throw new Conflict();
  return holdsBundle(found, policy.uid, result.digest);
};

const store = async (policy: ScanPolicy, result: CompiledRego, services: CompileServices): Promise<Compilation> => {
  const { bundle, digest, entrypoint, regoVersion } = result;
  const { configMaps, canary } = services;
  if (bundle.length > MOST_BYTES) {
    const sizes = `The compiled policy has ${bundle.length} bytes, and a ConfigMap holds ${MOST_BYTES}`;
    return fails('TooLarge', `${sizes}: bring it compiled, with spec.bundle.url`);
  }
  const configMap = mapName(policy, digest);
  if (!(await isStored(policy, result, configMaps))) {
    const taken = `ConfigMap ${configMap} exists, and is not this policy's bundle`;
    return fails('NameTaken', `${taken}: delete it, then annotate the policy`);
  }
  const told = compiled('True', 'Compiled', `Compiled as ${entrypoint}, in Rego ${regoVersion}`);
  const asked = canary === undefined ? [] : [await askCanary(bundle, canary)];
  return { bundle: { digest, configMap }, conditions: [told, ...asked] };
};

/** Throws `Conflict` and `Unavailable`. */
export const compilation = async (policy: ScanPolicy, services: CompileServices): Promise<Compilation> => {
  const { regoFile, bundle } = policy.spec;
  if (regoFile === undefined)
    return bundle === undefined ? fails('NoPolicy', 'spec must have regoFile, or bundle') : BROUGHT;
  try {
    return await store(policy, await services.compile(regoFile), services);
  } catch (error) {
    if (error instanceof DoesNotCompile) return fails('CompileError', error.message);
    throw error;
  }
};
