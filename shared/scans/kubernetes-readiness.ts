/**
 * Whether an API server can be used: it answers, it knows the kinds, and it lets us do what the functions must.
 *
 * It is asked the way `kubectl auth can-i` asks, which every account may.
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { type Connection, understood } from './kubernetes-connection.ts';
import { type KubernetesScope, pluralOf, VERSION } from './kubernetes-objects.ts';
import { Unavailable } from './unavailable.ts';

/** Milliseconds for which a good answer is good enough: rights rarely change, and probes come every few seconds. */
const GOOD_FOR = 30_000;

type Objects = Connection['objects'];

const ALL_NAMESPACES = '';
const ACTS = [{ verb: 'get' }, { verb: 'patch', subresource: 'status' }] as const;

const checkKinds = async (objects: Objects, { group, kinds }: KubernetesScope): Promise<void> => {
  const { resources } = await objects.getAPIResources({ group, version: VERSION });
  const served = new Set(resources.map(({ name }) => name));
  const missing = [...kinds].filter((kind) => !served.has(pluralOf(kind)));
  if (missing.length === 0) return;
  throw new Unavailable(`the API server does not know ${missing.join(', ')} of ${group}; install infra/crds`);
};

const isAllowed = async (objects: Objects, resourceAttributes: JsonObject): Promise<boolean> => {
  const review: unknown = await objects.createClusterCustomObject({
    group: 'authorization.k8s.io',
    version: 'v1',
    plural: 'selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    },
  });
  return isJsonObject(review) && isJsonObject(review.status) && review.status.allowed === true;
};

/** Every act of ours on every kind in every namespace. */
const actsOf = ({ kinds, namespaces }: KubernetesScope) =>
  [...(namespaces ?? [ALL_NAMESPACES])].flatMap((namespace) =>
    [...kinds].flatMap((kind) => ACTS.map((act) => ({ namespace, resource: pluralOf(kind), ...act }))),
  );

const checkRights = async (objects: Objects, scope: KubernetesScope): Promise<void> => {
  for (const act of actsOf(scope)) {
    if (await isAllowed(objects, { group: scope.group, ...act })) continue;
    const what = 'subresource' in act ? `${act.resource}/${act.subresource}` : act.resource;
    const where = act.namespace === ALL_NAMESPACES ? 'all namespaces (or set SCAN_NAMESPACES)' : act.namespace;
    throw new Unavailable(`this account may not ${act.verb} ${what} in ${where}; apply infra/rbac`);
  }
};

/** A check that resolves where all is well, and rejects with `Unavailable` and what to do where it is not. */
export const checkReadiness = (objects: Objects, scope: KubernetesScope): (() => Promise<void>) => {
  let good = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - good < GOOD_FOR) return;
    try {
      await understood(() => checkKinds(objects, scope));
      await understood(() => checkRights(objects, scope));
      good = performance.now();
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      throw new Unavailable('the API server does not answer', { cause: error });
    }
  };
};
