/** The scans of an API server as they are asked for: read by name, listed page by page, their status patched. */
import { isJsonObject, type JsonObject, runsOf } from '../conditions/status.ts';
import { answeredObject, unlessGone } from './api-answers.ts';
import { type Connection, METADATA_ONLY, patiently, understood } from './kubernetes-connection.ts';
import { scanSpec } from './spec.ts';
import type { ScanName, StoredScan } from './store.ts';

/** The version of the scans' API. */
export const VERSION = 'v1beta1';
/** Scans a page of a list. */
const PAGE = 250;

export interface KubernetesScope {
  readonly group: string;
  readonly kinds: ReadonlySet<string>;
  /** All where it is absent. */
  readonly namespaces?: ReadonlySet<string>;
}

/** The plural of a kind, as its CRD names it. */
export const pluralOf = (kind: string): string => `${kind.toLowerCase()}s`;

/** How the API server calls the scans of a kind. */
const resource = (group: string, kind: string) => ({ group, version: VERSION, plural: pluralOf(kind) });

const labelsOf = (labels: unknown): { readonly labels?: Readonly<Record<string, string>> } => {
  if (!isJsonObject(labels)) return {};
  return { labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)])) };
};

/** A scan as the server answered it. */
const storedScan = (kind: string, object: JsonObject): StoredScan => {
  const { metadata, spec, status: told } = object;
  const { namespace, name, uid, resourceVersion, generation, labels } = answeredObject(metadata);
  const status = isJsonObject(told) ? told : {};
  return {
    scan: { kind, namespace: String(namespace), name: String(name), uid: String(uid) },
    resourceVersion: String(resourceVersion),
    status,
    runs: runsOf(status),
    spec: scanSpec(spec, generation),
    ...labelsOf(labels),
  };
};

const listed = (group: string, kind: string) => {
  const { plural, version } = resource(group, kind);
  return { group, version, resourcePlural: plural };
};

const page = (next: string) => ({ limit: PAGE, ...(next !== '' && { _continue: next }) });

/** The items of a list, page by page. */
export async function* pages(list: (next: string) => Promise<unknown>): AsyncGenerator<JsonObject> {
  let next = '';
  do {
    const answer = answeredObject(await patiently(() => list(next)));
    if (Array.isArray(answer.items)) yield* answer.items.filter(isJsonObject);
    next = isJsonObject(answer.metadata) ? String(answer.metadata.continue ?? '') : '';
  } while (next !== '');
}

export interface ScanObjects {
  /** The scan of this name, in whichever life; `undefined` where there is none. */
  readonly get: (name: ScanName) => Promise<StoredScan | undefined>;
  /** Patches the status of a scan that is still as it was read. Throws `Conflict`, and `Gone` where there is none. */
  readonly patchStatus: (read: StoredScan, patch: JsonObject) => Promise<StoredScan>;
  /** All scans, sorted by namespace, kind and name. */
  readonly list: () => AsyncGenerator<StoredScan>;
}

type Objects = Connection['objects'];

const getScan = async (objects: Objects, group: string, name: ScanName): Promise<StoredScan | undefined> => {
  const { kind, ...named } = name;
  const get = () => objects.getNamespacedCustomObject({ ...resource(group, kind), ...named });
  const answer: unknown = await unlessGone(name.name, () => patiently(get));
  return answer === undefined ? undefined : storedScan(kind, answeredObject(answer));
};

const namespacesOf = async (objects: Objects, group: string, kind: string): Promise<readonly string[]> => {
  const list = (next: string) =>
    objects.listCustomObjectForAllNamespaces({ ...listed(group, kind), ...page(next) }, METADATA_ONLY);
  const found: string[] = [];
  for await (const { metadata } of pages(list)) {
    if (isJsonObject(metadata)) found.push(String(metadata.namespace));
  }
  return found;
};

/** Namespace by namespace, because the server's own order takes `a-b/x` before `a/x`. */
async function* listScans(objects: Objects, { group, kinds, namespaces }: KubernetesScope): AsyncGenerator<StoredScan> {
  const sortedKinds = [...kinds].sort();
  const found = namespaces ?? (await Promise.all(sortedKinds.map((kind) => namespacesOf(objects, group, kind)))).flat();
  for (const namespace of [...new Set(found)].sort()) {
    for (const kind of sortedKinds) {
      const list = (next: string) =>
        objects.listNamespacedCustomObject({ ...resource(group, kind), namespace, ...page(next) });
      for await (const object of pages(list)) yield storedScan(kind, object);
    }
  }
}

/** The scans of these kinds, through this connection. */
export const scanObjects = (objects: Objects, scope: KubernetesScope): ScanObjects => ({
  get: (name) => getScan(objects, scope.group, name),
  patchStatus: async ({ scan, resourceVersion }, status) => {
    const { kind, namespace, name } = scan;
    const body = { metadata: { resourceVersion }, status };
    const named = { ...resource(scope.group, kind), namespace, name };
    const answer = await understood(() => objects.patchNamespacedCustomObjectStatus({ ...named, body }));
    return storedScan(kind, answeredObject(answer));
  },
  list: () => listScans(objects, scope),
});
