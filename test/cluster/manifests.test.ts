/** Every manifest of `infra`, shown to a real API server that knows the schemas. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { isJsonObject } from '../../shared/conditions/status.ts';
import { INFRA, kustomizations, type Manifest, nameOf, ROOT, render } from '../support/manifests.ts';
import { cluster } from './support/access.ts';
import { kubectl, kubectlText } from './support/cluster.ts';
import { installCrds } from './support/install.ts';

/** The CRDs of Knative, which are other projects' and not kept here. */
const FOREIGN = join(ROOT, '../shared/cluster/crds');
/** Those of which there are manifests. */
const USED = /^knative-(?:serving-service|eventing-(?:broker|trigger|apiserversource|pingsource|sinkbindings))\.yaml$/;
const hasForeign = existsSync(FOREIGN);
if (!hasForeign) {
  process.stderr.write(`
NOT CHECKED: ${FOREIGN} is missing, so the API server knows no kind of Knative. No manifest of one was held
against its schema.

`);
}

/** All but what is of the Prometheus operator's kinds: monitoring.test.ts shows that. */
const OVERLAYS = kustomizations('Kustomization').filter((folder) => folder !== 'monitoring');
const COMPONENTS = kustomizations('Component');
/** What only an installation knows (a namespace that is given on the command line, names in AWS) stays as it is. */
const scratch = join(ROOT, 'node_modules/.cache');
let composed = '';

/** A kustomization of one's own, as the docs have it: the base with a component. */
const withComponent = (component: string): string => {
  const folder = join(composed, component.replaceAll('/', '-'));
  mkdirSync(folder);
  const path = (part: string) => relative(folder, join(INFRA, part));
  const kustomization = { resources: [path('knative/base')], components: [path(component)] };
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  return folder;
};

const rendered = async (folder: string): Promise<readonly Manifest[]> =>
  loadAll(await kubectlText(cluster(), ['kustomize', folder])) as Manifest[];

beforeAll(async () => {
  mkdirSync(scratch, { recursive: true });
  composed = mkdtempSync(join(scratch, 'manifests-'));
  await installCrds(cluster());
  await kubectlText(cluster(), ['apply', '-k', join(INFRA, 'rbac/accounts')]);
  if (hasForeign) {
    const files = readdirSync(FOREIGN).filter((file) => USED.test(file));
    await kubectlText(cluster(), ['apply', '--server-side', ...files.flatMap((file) => ['-f', join(FOREIGN, file)])]);
    await kubectlText(cluster(), ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  }
}, 120_000);

afterAll(() => rmSync(composed, { recursive: true }));

const isForeign = ({ apiVersion }: Manifest): boolean => apiVersion.includes('knative.dev/');

/** What the server says to each manifest, whose fields it all must know. */
const dryRun = async (manifests: readonly Manifest[]): Promise<readonly string[]> => {
  const known = manifests.filter((manifest) => hasForeign || !isForeign(manifest));
  const input = known.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
  const args = ['apply', '--dry-run=server', '--validate=strict', '-o', 'name', '-f', '-'];
  const { code, stdout, stderr } = await kubectl(cluster(), args, { input });
  expect([stderr.replace(/^Warning: resource .* is missing the .* annotation.*$/gm, '').trim(), code]).toEqual(['', 0]);
  const names = stdout.trim().split('\n');
  expect(names).toHaveLength(known.length);
  return names;
};

describe('the API server takes', () => {
  it.each(OVERLAYS)('all of infra/%s', async (folder) => {
    await dryRun(await rendered(join(INFRA, folder)));
  });

  it.each(COMPONENTS)('the base with infra/%s', async (component) => {
    await dryRun(await rendered(withComponent(component)));
  });

  if (hasForeign) {
    it('nothing that the schemas do not know', async () => {
      const [service] = render('knative/base').filter(({ apiVersion }) => apiVersion.startsWith('serving.'));
      const mistaken = { ...service, spec: { ...(service?.spec as object), templates: {} } };
      const args = ['apply', '--dry-run=server', '--validate=strict', '-f', '-'];
      const { stderr } = await kubectl(cluster(), args, { input: JSON.stringify(mistaken) });
      expect(stderr).toContain('unknown field "spec.templates"');
    });
  }
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The fields of a value that its schema names nowhere, though it names others beside them. */
const unnamed = (value: unknown, schema: Schema | undefined, path: string): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((item) => unnamed(item, schema?.items, path));
  if (!isJsonObject(value) || schema?.properties === undefined) return [];
  const { properties } = schema;
  return Object.entries(value).flatMap(([name, inner]) =>
    name in properties ? unnamed(inner, properties[name], `${path}.${name}`) : [`${path}.${name}`],
  );
};

/** The server lets pass what Knative Eventing's schemas do not name: they leave it to webhooks, which are not here. */
const ADMITTED_BY_WEBHOOKS = ['Trigger.spec.delivery.timeout'];

if (hasForeign) {
  it('misspells no field of Knative', async () => {
    const { items } = JSON.parse(await kubectlText(cluster(), ['get', 'crd', '-o', 'json']));
    const schemas = new Map<string, Schema>();
    for (const { spec } of items) {
      for (const { name, schema } of spec.versions)
        schemas.set(`${spec.group}/${name} ${spec.names.kind}`, schema.openAPIV3Schema.properties.spec);
    }
    const manifests = [
      ...OVERLAYS.filter((folder) => folder.startsWith('knative/')).flatMap((folder) => render(folder)),
      ...render('knative/base', COMPONENTS),
    ].filter(isForeign);
    const found = manifests.flatMap(({ apiVersion, kind, spec }) => {
      const schema = schemas.get(`${apiVersion} ${kind}`);
      expect([kind, schema]).toEqual([kind, expect.anything()]);
      return unnamed(spec, schema, `${kind}.spec`);
    });
    expect([...new Set(found)]).toEqual(ADMITTED_BY_WEBHOOKS);
  });
}

/** kubectl appends a digest to the name of what it generates. */
const withoutDigests = (manifests: readonly Manifest[], generated: readonly string[]): unknown => {
  const names = generated.join('|');
  return JSON.parse(JSON.stringify(manifests).replace(new RegExp(`"(${names})-[a-z0-9]{10}"`, 'g'), '"$1"'));
};

describe('what the tests without a cluster render', () => {
  const sorted = (manifests: unknown) =>
    (manifests as readonly Manifest[]).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const GENERATED = ['keep-dead-letters', 'event-exporter'];

  it.each(OVERLAYS.filter((folder) => /^(knative|event-exporter)\//.test(folder)))(
    'is what kubectl renders of %s',
    async (folder) => {
      const real = withoutDigests(await rendered(join(INFRA, folder)), GENERATED);
      expect(sorted(render(folder))).toEqual(sorted(real));
    },
  );

  it.each(COMPONENTS)('is what kubectl renders of the base with %s', async (component) => {
    const folder = join(composed, component.replaceAll('/', '-'));
    const real = withoutDigests(await rendered(existsSync(folder) ? folder : withComponent(component)), GENERATED);
    expect(sorted(render('knative/base', [component]))).toEqual(sorted(real));
  });
});
