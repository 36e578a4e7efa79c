/**
 * The objects that an API server keeps, with its semantics: resource versions, merge patches of `/status` under a
 * precondition, lists in the order of etcd's keys.
 */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import type { Selects } from './label-selector.ts';
import { applyMergePatch } from './rfc7396.ts';

interface Metadata {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
  readonly spec?: unknown;
  readonly status?: unknown;
}

interface NewObject {
  readonly metadata: Pick<Metadata, 'name'> & Partial<Metadata>;
}

/** What an API server answers. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A refusal as API servers write it. */
export const failure = (status: number, reason: string, message: string, name?: string): ApiAnswer => ({
  status,
  body: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(name !== undefined && { details: { name } }),
    code: status,
  },
});

/** `RESOURCE/NAMESPACE/NAME`, as etcd's keys end. */
const keyOf = (resource: string, { namespace, name }: Pick<Metadata, 'namespace' | 'name'>): string =>
  `${resource}/${namespace}/${name}`;

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

interface Page {
  readonly namespace?: string;
  readonly limit: number;
  readonly from: string;
  readonly selects?: Selects;
}

/** A fresh server's objects. `prune` is what its CRDs make of a status that is written. */
export const apiObjects = () => {
  const objects = new Map<string, KubernetesObject>();
  let version = 100;
  let prune = (status: unknown): unknown => status;

  const put = (resource: string, object: KubernetesObject): KubernetesObject => {
    version += 1;
    const metadata = { generation: 1, ...object.metadata, resourceVersion: String(version) };
    const stored: KubernetesObject = JSON.parse(JSON.stringify({ ...object, metadata }));
    objects.set(keyOf(resource, object.metadata), stored);
    return stored;
  };
  const named = (resource: string, namespace: string, name: string): KubernetesObject | undefined =>
    objects.get(keyOf(resource, { namespace, name }));
  const notFound = (resource: string, name: string): ApiAnswer =>
    failure(404, 'NotFound', `${resource} "${name}" not found`, name);
  const conflict = (resource: string, name: string): ApiAnswer =>
    failure(409, 'Conflict', `Operation cannot be fulfilled on ${resource} "${name}"`, name);

  return {
    put,
    get: named,
    remove: (resource: string, namespace: string, name: string) =>
      void objects.delete(keyOf(resource, { namespace, name })),
    /** Drops members from whatever status is written from now on, as a CRD does that does not know them. */
    pruneBy: (by: (status: unknown) => unknown) => {
      prune = by;
    },
    create: (
      resource: string,
      namespace: string,
      object: Omit<KubernetesObject, 'metadata'> & NewObject,
    ): ApiAnswer => {
      const { name } = object.metadata;
      if (named(resource, namespace, name) !== undefined)
        return failure(409, 'AlreadyExists', `${resource} "${name}" already exists`, name);
      const metadata = { ...object.metadata, namespace, uid: `uid-${version}` };
      return { status: 201, body: put(resource, { ...object, metadata }) };
    },
    read: (resource: string, namespace: string, name: string): ApiAnswer => {
      const found = named(resource, namespace, name);
      return found === undefined ? notFound(resource, name) : { status: 200, body: found };
    },
    replace: (resource: string, namespace: string, name: string, object: KubernetesObject): ApiAnswer => {
      const found = named(resource, namespace, name);
      if (found === undefined) return notFound(resource, name);
      const { uid, resourceVersion } = found.metadata;
      const { resourceVersion: expected = resourceVersion, ...metadata } = object.metadata;
      if (expected !== resourceVersion) return conflict(resource, name);
      const replaced = { ...object, metadata: { ...metadata, namespace, uid } };
      return { status: 200, body: put(resource, replaced) };
    },
    /** Under the preconditions of `DeleteOptions`. */
    removeAsKnown: (resource: string, namespace: string, name: string, options: JsonObject): ApiAnswer => {
      const found = named(resource, namespace, name);
      if (found === undefined) return notFound(resource, name);
      const { uid, resourceVersion } = found.metadata;
      if (!isDeepStrictEqual(options.preconditions, { uid, resourceVersion })) return conflict(resource, name);
      objects.delete(keyOf(resource, found.metadata));
      return { status: 200, body: { kind: 'Status', apiVersion: 'v1', status: 'Success' } };
    },
    patchStatus: (resource: string, namespace: string, name: string, patch: unknown): ApiAnswer => {
      const found = named(resource, namespace, name);
      if (found === undefined) return notFound(resource, name);
      const { resourceVersion } = isJsonObject(patch) && isJsonObject(patch.metadata) ? patch.metadata : {};
      if (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
        return conflict(resource, name);
      // Of a patch to the subresource only the status counts.
      const patched = prune((applyMergePatch(found, patch) as JsonObject).status);
      if (isDeepStrictEqual(patched, found.status)) return { status: 200, body: found };
      return { status: 200, body: put(resource, { ...found, status: patched }) };
    },
    list: (resource: string, { namespace, limit, from, selects = () => true }: Page) => {
      const within = namespace === undefined ? `${resource}/` : `${resource}/${namespace}/`;
      const all = [...objects]
        .filter(([key]) => key.startsWith(within) && key > from)
        .filter(([, { metadata }]) => selects(metadata.labels ?? {}))
        .sort(byKey);
      const page = limit > 0 ? all.slice(0, limit) : all;
      const last = page.at(-1)?.[0] ?? '';
      return { items: page.map(([, object]) => object), next: page.length < all.length ? last : '' };
    },
  };
};

export type ApiObjects = ReturnType<typeof apiObjects>;
