/**
 * The manifests of `infra`, rendered without kubectl: as much of kustomize as they use, and an error for what is more.
 *
 * test/cluster/manifests.test.ts holds it against kubectl's own kustomize.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { applyJsonPatch, mergeStrategic } from './kustomize-patches.ts';
import { applyMergePatch } from './rfc7396.ts';

export interface Manifest extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly namespace?: string };
}

export const ROOT = new URL('../../', import.meta.url).pathname;
export const INFRA = join(ROOT, 'infra');

const KUSTOMIZATION = 'kustomization.yaml';

/** What is in a YAML file, which a test that fails shows as it stands. */
export const readYaml = (file: string): readonly JsonObject[] => loadAll(readFileSync(file, 'utf8')) as JsonObject[];

interface Kustomization {
  readonly kind: 'Kustomization' | 'Component';
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly configMapGenerator?: readonly { name: string; namespace: string; files: readonly string[] }[];
  readonly patches?: readonly Patch[];
}

interface Patch {
  readonly path?: string;
  readonly patch?: string;
  readonly target?: Target;
  readonly options?: JsonObject;
}

interface Target {
  readonly group?: string;
  readonly kind: string;
  readonly name?: string;
}

const KNOWN = ['apiVersion', 'kind', 'resources', 'components', 'configMapGenerator', 'patches'];

const readKustomization = (folder: string): Kustomization =>
  readYaml(join(folder, KUSTOMIZATION))[0] as unknown as Kustomization;

const renderable = (folder: string): Kustomization => {
  const read = readKustomization(folder);
  const unknown = Object.keys(read).find((field) => !KNOWN.includes(field));
  if (unknown !== undefined) throw new Error(`${folder}: ${unknown} is not rendered here`);
  return read;
};

/** The folders of kustomizations under `infra` of a kind, as paths in it. */
export const kustomizations = (kind: Kustomization['kind']): readonly string[] =>
  globSync(`**/${KUSTOMIZATION}`, { cwd: INFRA })
    .map((file) => dirname(file))
    .filter((folder) => readKustomization(join(INFRA, folder)).kind === kind)
    .toSorted();

const groupOf = ({ apiVersion }: JsonObject): string => String(apiVersion).split('/').slice(0, -1).join('');

const isTarget = (manifest: Manifest, { group, kind, name }: Target): boolean =>
  manifest.kind === kind &&
  (group === undefined || groupOf(manifest) === group) &&
  (name === undefined || new RegExp(`^(?:${name})$`).test(manifest.metadata.name));

const merged = (manifest: Manifest, patch: JsonObject): Manifest => {
  const { metadata } = patch as Manifest;
  const named = { ...patch, metadata: { ...metadata, name: manifest.metadata.name } };
  const isBuiltIn = !groupOf(manifest).includes('.') || groupOf(manifest).endsWith('.k8s.io');
  return (isBuiltIn ? mergeStrategic(manifest, named) : applyMergePatch(manifest, named)) as Manifest;
};

const patchIn = (
  folder: string,
  { path, patch = '', target }: Patch,
  manifests: readonly Manifest[],
): readonly Manifest[] => {
  const [content] = path === undefined ? loadAll(patch) : readYaml(join(folder, path));
  const { kind, metadata } = content as Manifest;
  const of: Target = target ?? { kind, name: metadata.name };
  if (!manifests.some((manifest) => isTarget(manifest, of))) throw new Error(`${folder}: ${path} matches nothing`);
  return manifests.map((manifest) => {
    if (!isTarget(manifest, of)) return manifest;
    if (Array.isArray(content)) return applyJsonPatch(manifest, content) as Manifest;
    return merged(manifest, content as JsonObject);
  });
};

const generated = (folder: string, { configMapGenerator = [] }: Kustomization): readonly Manifest[] =>
  configMapGenerator.map(({ name, namespace, files }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data: Object.fromEntries(files.map((file) => [basename(file), readFileSync(join(folder, file), 'utf8')])),
  }));

const renderIn = (folder: string, before: readonly Manifest[]): readonly Manifest[] => {
  const { resources = [], components = [], patches = [], ...rest } = renderable(folder);
  const own = resources.flatMap((resource) => {
    const path = join(folder, resource);
    return existsSync(join(path, KUSTOMIZATION)) ? renderIn(path, []) : (readYaml(path) as readonly Manifest[]);
  });
  const all = [...before, ...own, ...generated(folder, { ...rest, patches })];
  const composed = components.reduce<readonly Manifest[]>(
    (manifests, component) => renderIn(join(folder, component), manifests),
    all,
  );
  return patches.reduce<readonly Manifest[]>((manifests, patch) => patchIn(folder, patch, manifests), composed);
};

/** What `kubectl kustomize infra/FOLDER` prints, but for the digests that it appends to the names of generated ConfigMaps. */
export const render = (folder: string, components: readonly string[] = []): readonly Manifest[] =>
  components.reduce(
    (manifests, component) => renderIn(join(INFRA, component), manifests),
    renderIn(join(INFRA, folder), []),
  );

/** Of these manifests those of a kind. */
export const ofKind = (manifests: readonly Manifest[], group: string, kind: string): readonly Manifest[] =>
  manifests.filter((manifest) => isTarget(manifest, { group, kind }));

/** The names of the functions, which are those of their folders. */
export const functionNames = (): readonly string[] =>
  globSync('*/handler.ts', { cwd: join(ROOT, 'functions') })
    .map((file) => dirname(file))
    .toSorted();

/** How a failed expectation names a manifest. */
export const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`;
