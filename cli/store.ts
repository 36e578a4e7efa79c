/** Opens the configured store, and what else the functions need of it. */
import { existsSync } from 'node:fs';
import {
  type JobSettings,
  programEnvironment,
  readJobSettings,
  readScope,
  readStoreSettings,
  type StoreSettings,
} from '../shared/runtime/config.ts';
import { type Confirm, confirmWith } from '../shared/runtime/confirm.ts';
import { openEmbeddedStore } from '../shared/scans/embedded.ts';
import type { Connection } from '../shared/scans/kubernetes-connection.ts';
import type { ScanStore } from '../shared/scans/store.ts';
import { Unavailable } from '../shared/scans/unavailable.ts';

export interface OpenStore {
  readonly store: ScanStore;
  /** What people call it: a file, or where the API server is looked up. */
  readonly name: string;
  readonly confirm?: Confirm;
  /** To the API server, where the scans are there. */
  readonly connection?: Connection;
}

const openKubernetes = async ({ kubeconfigs }: StoreSettings, settings: JobSettings): Promise<OpenStore> => {
  // Loaded only where it is asked for: the client library takes longer to load than all else together.
  const { openConnection } = await import('../shared/scans/kubernetes-connection.ts');
  const { kubernetesStore } = await import('../shared/scans/kubernetes.ts');
  const { kubernetesJobs } = await import('../shared/scans/jobs.ts');
  const connection = openConnection({ kubeconfigs, environment: programEnvironment() });
  const name = kubeconfigs.length === 0 ? 'the cluster of this pod' : `the cluster of ${kubeconfigs.join(':')}`;
  const confirms = settings.readsJobs || settings.readsPods;
  return {
    store: kubernetesStore(connection, readScope()),
    name,
    connection,
    ...(confirms && { confirm: confirmWith(kubernetesJobs(connection), settings) }),
  };
};

/**
 * Opens the store that the settings name. Rejects with `Unavailable` where the embedded one cannot be used; an API
 * server is not asked before it is needed.
 *
 * @param asked the kind of store that a command was told to use, whatever the settings say
 * @param readOnly to look must not create what is looked at
 */
export const openStore = async ({
  asked,
  readOnly = false,
}: {
  readonly asked?: StoreSettings['kind'];
  readonly readOnly?: boolean;
} = {}): Promise<OpenStore> => {
  const settings = readStoreSettings();
  const kind = asked ?? settings.kind;
  const jobSettings = readJobSettings(kind);
  if (kind === 'kubernetes') return openKubernetes(settings, jobSettings);
  if (readOnly && settings.path !== ':memory:' && !existsSync(settings.path))
    throw new Unavailable(`${settings.path}: there is no such store`);
  return { store: await openEmbeddedStore({ ...settings, readOnly }), name: settings.path };
};
