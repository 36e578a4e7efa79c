/**
 * The policy of a scan, ready to be evaluated: its ScanPolicy as it stands, and the bundle that this names.
 *
 * A compiled policy is believed for its digest alone: whoever may write ConfigMaps cannot change one.
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { RefusedSource } from '../remote/refused-source.ts';
import type { ConfigMaps, Policies, ScanPolicy } from '../scans/policies.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { Bundle } from './bundle/bundle.ts';
import type { FoundBundle } from './bundle/downloads.ts';
import type { BundleSources } from './bundle/sources.ts';
import { UnusableBundle } from './bundle/unusable-bundle.ts';
import { NO_DIGEST, type PolicyName } from './verdict-event.ts';

/** The policy cannot be evaluated as it stands: the text says why. */
export class NoPolicy extends Error {
  readonly policy: PolicyName;

  constructor(policy: PolicyName, problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'NoPolicy';
    this.policy = policy;
  }
}

export interface FoundPolicy {
  readonly policy: PolicyName;
  readonly bundle: Bundle;
  /** Whether it is an error, and no warning, that the policy sees nothing in a canary. */
  readonly canaryIsStrict: boolean;
  readonly warnings: readonly string[];
}

export interface PolicyServices {
  readonly policies: Policies;
  readonly configMaps: ConfigMaps;
  readonly bundles: {
    /** Of what `compile-policy` made: believed for the digest that it wrote down. */
    readonly compiled: Pick<BundleSources, 'fromConfigMap'>;
    /** Of what a policy brings along, by its namespace. */
    readonly brought: (namespace: string) => Promise<Pick<BundleSources, 'fromConfigMap' | 'fromUrl'>>;
  };
}

/** On a ScanPolicy, `strict` makes an error of a canary in which it denies nothing. */
const CANARY_ANNOTATION = 'scanstatus.dev/canary';

const compiledCondition = ({ status }: ScanPolicy): JsonObject | undefined => {
  const conditions = Array.isArray(status.conditions) ? status.conditions.filter(isJsonObject) : [];
  return conditions.find(({ type }) => type === 'Compiled');
};

const subjectOf = ({ namespace, name }: ScanPolicy): string => `ScanPolicy ${namespace}/${name}`;

/** The bundle that `compile-policy` made of the policy as it stands. */
const compiledBundle = async (found: ScanPolicy, { configMaps, bundles }: PolicyServices): Promise<Bundle> => {
  const { namespace, generation, status } = found;
  const condition = compiledCondition(found);
  const isOfNow = condition?.observedGeneration === generation;
  if (isOfNow && condition.status === 'False')
    throw new UnusableBundle(`${subjectOf(found)} does not compile: ${condition.message}`);
  const { digest, configMap } = isJsonObject(status.bundle) ? status.bundle : {};
  if (!isOfNow || typeof digest !== 'string' || typeof configMap !== 'string')
    throw new Unavailable(`${subjectOf(found)} is not compiled yet`);
  const held = await configMaps.get(namespace, configMap);
  if (held === undefined)
    throw new Unavailable(`${subjectOf(found)} has lost its ConfigMap ${configMap}; annotate the policy`);
  return bundles.compiled.fromConfigMap(held, { digest });
};

/** The bundle that the policy brings along. */
const broughtBundle = async (
  { namespace }: ScanPolicy,
  { url, digest, configMap }: NonNullable<ScanPolicy['spec']['bundle']>,
  { configMaps, bundles }: PolicyServices,
): Promise<FoundBundle> => {
  const sources = await bundles.brought(namespace);
  if (url !== undefined) return sources.fromUrl(url, { digest });
  const { name = '', key } = configMap ?? {};
  const held = await configMaps.get(namespace, name);
  if (held === undefined) throw new UnusableBundle(`there is no ConfigMap ${namespace}/${name}`);
  return { bundle: await sources.fromConfigMap(held, { digest, key }) };
};

const bundleOf = async (found: ScanPolicy, services: PolicyServices): Promise<FoundBundle> => {
  const { bundle, regoFile } = found.spec;
  if (bundle !== undefined && regoFile === undefined) return broughtBundle(found, bundle, services);
  return { bundle: await compiledBundle(found, services) };
};

/**
 * Finds the policy of this name in a scan's namespace.
 *
 * Throws `NoPolicy` where there is none that could be evaluated, and `Unavailable` where there may be one soon.
 */
export const findPolicy = async (namespace: string, name: string, services: PolicyServices): Promise<FoundPolicy> => {
  const found = await services.policies.get(namespace, name);
  if (found === undefined)
    throw new NoPolicy({ name, digest: NO_DIGEST }, `there is no ScanPolicy ${namespace}/${name}`);
  const { generation, annotations } = found;
  try {
    const { bundle, warning } = await bundleOf(found, services);
    return {
      policy: { name, digest: bundle.digest, generation },
      bundle,
      canaryIsStrict: annotations[CANARY_ANNOTATION] === 'strict',
      warnings: warning === undefined ? [] : [warning],
    };
  } catch (error) {
    if (!(error instanceof UnusableBundle || error instanceof RefusedSource)) throw error;
    throw new NoPolicy({ name, digest: NO_DIGEST, generation }, error.message, { cause: error });
  }
};
