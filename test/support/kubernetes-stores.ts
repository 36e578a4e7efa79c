/** Stores that talk to a test's API server, and the scans that it holds. */
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import type { ScanRef } from '../../shared/conditions/facts.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { type Jobs, kubernetesJobs } from '../../shared/scans/jobs.ts';
import { kubernetesStore } from '../../shared/scans/kubernetes.ts';
import { type Connection, openConnection } from '../../shared/scans/kubernetes-connection.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import type { KubernetesObject } from './api-objects.ts';
import { type ApiServer, GROUP } from './api-server.ts';
import { temporaryFolder } from './cli-folder.ts';
import { writeKubeconfig } from './kubeconfigs.ts';

export const resourceOf = (kind: string): string => `${kind.toLowerCase()}s`;

/** A scan as an API server holds it. */
export const scanObject = (
  { kind, namespace, name, uid }: ScanRef,
  more: Omit<Partial<KubernetesObject>, 'metadata'> & { readonly labels?: Readonly<Record<string, string>> } = {},
): KubernetesObject => {
  const { labels, ...rest } = more;
  const metadata = { namespace, name, uid, ...(labels && { labels }) };
  return { apiVersion: `${GROUP}/v1beta1`, kind, metadata, spec: {}, ...rest };
};

/** Puts scans into a server. */
export const putScans = ({ objects }: ApiServer, ...scans: readonly ScanRef[]): void => {
  for (const scan of scans) objects.put(resourceOf(scan.kind), scanObject(scan));
};

/** What the server holds of a scan's status. */
export const statusOf = ({ objects }: ApiServer, { kind, namespace, name }: ScanRef): JsonObject =>
  (objects.get(resourceOf(kind), namespace, name)?.status ?? {}) as JsonObject;

interface Settings {
  readonly user?: JsonObject;
  readonly cluster?: JsonObject;
  readonly namespaces?: readonly string[];
}

export interface Opened {
  readonly store: ScanStore;
  readonly jobs: Jobs;
  readonly connection: Connection;
  readonly kubeconfig: string;
}

/** Call it where tests are described: what it gives opens a store, which is closed after its test. */
export const kubernetesStores = (): ((server: ApiServer, settings?: Settings) => Opened) => {
  const folder = temporaryFolder();
  const opened: ScanStore[] = [];
  let files = 0;
  afterEach(() => {
    for (const store of opened.splice(0)) store.close();
  });
  return ({ url, ca }, { namespaces, ...more } = {}) => {
    files += 1;
    const trust = url.startsWith('https:') && { ca };
    const kubeconfig = writeKubeconfig(join(folder, `config-${files}`), { server: url, ...trust, ...more });
    const connection = openConnection({ kubeconfigs: [kubeconfig], environment: process.env });
    const scope = { ...readScope({}), ...(namespaces && { namespaces: new Set(namespaces) }) };
    const store = kubernetesStore(connection, scope);
    opened.push(store);
    return { store, jobs: kubernetesJobs(connection), connection, kubeconfig };
  };
};
