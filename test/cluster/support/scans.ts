/** Namespaces, accounts and scans on the real cluster, for tests. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { project } from '../../../shared/conditions/project.ts';
import type { Runs } from '../../../shared/conditions/runs.ts';
import type { JsonObject } from '../../../shared/conditions/status.ts';
import { scanSpec } from '../../../shared/scans/spec.ts';
import { cluster } from './access.ts';
import type { Answer, Api } from './api.ts';
import { kubectlText } from './cluster.ts';
import { installInto } from './install.ts';

export const GROUP = 'scanning.apps.tanzu.vmware.com';

/** Installs a part of `infra`; other tests may be at it, too. */
export const install = (part: string, ...more: readonly string[]): Promise<void> =>
  installInto(cluster(), part, ...more);

const WITHIN = 20_000;

/** Waits until `look` answers true, for so many milliseconds: what is installed takes effect a moment later. */
export const eventually = async (look: () => Promise<boolean>, within = WITHIN): Promise<void> => {
  const until = performance.now() + within;
  while (!(await look())) {
    if (performance.now() > until) throw new Error(`did not come true in ${within} ms: ${look}`);
    await delay(50);
  }
};

const done = (answer: Answer): Answer => {
  if (answer.code >= 300) throw new Error(`${answer.code} ${answer.message}`);
  return answer;
};

/** A namespace of its own for a test. */
export const newNamespace = async (admin: Api, name: string, labels: JsonObject = {}): Promise<string> => {
  const unique = `${name}-${randomUUID().slice(0, 8)}`;
  done(await admin.create('/api/v1/namespaces', { metadata: { name: unique, labels } }));
  return unique;
};

/** A token of a service account, as its pods get it. */
export const tokenOf = async (account: string, namespace: string): Promise<string> =>
  (await kubectlText(cluster(), ['create', 'token', account, '-n', namespace])).trim();

const IMAGE = { registry: { image: 'registry.example.com/shop/checkout@sha256:1' } };
export const SPECS = {
  ImageScan: { ...IMAGE, scanTemplate: 'template', scanPolicy: 'policy' },
  SourceScan: { git: { url: 'ssh://git@example.com/shop.git', revision: 'main' }, scanTemplate: 'template' },
} as const satisfies Readonly<Record<string, JsonObject>>;

export type Kind = keyof typeof SPECS;

const pluralOf = (kind: Kind): string => `${kind.toLowerCase()}s`;

export const scansPath = (kind: Kind, namespace: string): string =>
  `/apis/${GROUP}/v1beta1/namespaces/${namespace}/${pluralOf(kind)}`;

/** Creates a scan and answers its path. */
export const newScan = async (
  admin: Api,
  namespace: string,
  kind: Kind = 'ImageScan',
  spec: JsonObject = SPECS[kind],
): Promise<string> => {
  const name = `scan-${randomUUID().slice(0, 8)}`;
  const scan = { apiVersion: `${GROUP}/v1beta1`, kind, metadata: { name }, spec };
  done(await admin.create(scansPath(kind, namespace), scan));
  return `${scansPath(kind, namespace)}/${name}`;
};

/** What the functions would write into the scan, were these its runs. */
export const projected = async (admin: Api, scan: string, runs: Runs): Promise<JsonObject> => {
  const { status, spec, metadata } = done(await admin.get(scan)).body;
  const { generation } = metadata as JsonObject;
  return project((status ?? {}) as JsonObject, runs, scanSpec(spec, generation));
};

/** A scan whose status says what these runs tell, and whatever else others wrote there. */
export const scanWith = async (admin: Api, namespace: string, runs: Runs, others: JsonObject = {}): Promise<string> => {
  const scan = await newScan(admin, namespace);
  done(await admin.writeStatus(scan, project(others, runs, scanSpec(SPECS.ImageScan, 1))));
  return scan;
};
