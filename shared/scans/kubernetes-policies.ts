/** The ScanPolicies of an API server, whatever somebody wrote there, and its ConfigMaps. */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { answeredObject, Gone, unlessGone } from './api-answers.ts';
import { type Connection, patiently, understood } from './kubernetes-connection.ts';
import { VERSION } from './kubernetes-objects.ts';
import type { ConfigMaps, Policies, PolicySpec, ScanPolicy } from './policies.ts';
import { Conflict, Unavailable } from './unavailable.ts';

/** The members of these names that are texts, and not empty. */
const texts = <Name extends string>(value: unknown, ...names: readonly Name[]): { readonly [N in Name]?: string } => {
  if (!isJsonObject(value)) return {};
  const told = names.filter((name) => typeof value[name] === 'string' && value[name] !== '');
  return Object.fromEntries(told.map((name) => [name, value[name]])) as { readonly [N in Name]?: string };
};

/** All members that are texts. */
const allTexts = (value: unknown): Readonly<Record<string, string>> => {
  const members = isJsonObject(value) ? Object.entries(value).filter(([, member]) => typeof member === 'string') : [];
  return Object.assign(Object.create(null), Object.fromEntries(members));
};

const policySpec = (spec: unknown): PolicySpec => {
  if (!isJsonObject(spec)) return {};
  const { bundle } = spec;
  if (!isJsonObject(bundle)) return texts(spec, 'regoFile');
  const { name, ...key } = texts(bundle.configMap, 'name', 'key');
  const configMap = name !== undefined && { configMap: { name, ...key } };
  return { ...texts(spec, 'regoFile'), bundle: { ...texts(bundle, 'url', 'digest'), ...configMap } };
};

const scanPolicy = ({ apiVersion, metadata, spec, status }: JsonObject): ScanPolicy => {
  const { namespace, name, uid, resourceVersion, generation, annotations } = answeredObject(metadata);
  return {
    apiVersion: String(apiVersion),
    namespace: String(namespace),
    name: String(name),
    uid: String(uid),
    resourceVersion: String(resourceVersion),
    generation: typeof generation === 'number' ? generation : 0,
    annotations: allTexts(annotations),
    spec: policySpec(spec),
    status: isJsonObject(status) ? status : {},
  };
};

/** The ScanPolicies of an API server, in the group of the scans. */
export const kubernetesPolicies = ({ objects }: Connection, group: string): Policies => {
  const resource = { group, version: VERSION, plural: 'scanpolicies' };
  return {
    get: async (namespace, name) => {
      const get = () => objects.getNamespacedCustomObject({ ...resource, namespace, name });
      const answer: unknown = await unlessGone(name, () => patiently(get));
      return answer === undefined ? undefined : scanPolicy(answeredObject(answer));
    },
    patchStatus: async ({ namespace, name, resourceVersion }, status) => {
      const body = { metadata: { resourceVersion }, status };
      try {
        await understood(() => objects.patchNamespacedCustomObjectStatus({ ...resource, namespace, name, body }));
      } catch (error) {
        // To read again tells whether it went.
        throw error instanceof Gone ? new Conflict({ cause: error }) : error;
      }
    },
  };
};

/** Where the ConfigMaps of a namespace are, in the core group. */
export const configMapsPath = (namespace: string): string => `namespaces/${encodeURIComponent(namespace)}/configmaps`;

/** The ConfigMaps of an API server. */
export const kubernetesConfigMaps = ({ core }: Connection): ConfigMaps => ({
  get: async (namespace, name) => {
    const path = `${configMapsPath(namespace)}/${encodeURIComponent(name)}`;
    const answer = await unlessGone(name, () => patiently(() => core.get(path)));
    if (answer === undefined) return undefined;
    const { metadata, data, binaryData } = answeredObject(answer);
    return { metadata: answeredObject(metadata), data: allTexts(data), binaryData: allTexts(binaryData) };
  },
  create: async (namespace, configMap) => {
    try {
      // Asked again it creates no second one, for it names what it creates.
      await patiently(() => core.create(configMapsPath(namespace), configMap));
      return 'created';
    } catch (error) {
      if (error instanceof Conflict) return 'exists';
      if (error instanceof Gone) throw new Unavailable(`there is no namespace ${namespace}`, { cause: error });
      throw error;
    }
  },
});
