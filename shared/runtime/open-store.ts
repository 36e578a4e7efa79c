/** Opens the configured store, and what else the functions need of it. What is not asked for is not loaded. */
import { existsSync } from 'node:fs';
import type { Connection } from '../scans/kubernetes-connection.ts';
import type { ScanStore } from '../scans/store.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { programEnvironment, readScope } from './config.ts';
import { type JobSettings, readJobSettings, readStoreSettings, type StoreSettings } from './config-cluster.ts';
import type { Confirm } from './confirm.ts';

export interface OpenStore {
  readonly store: ScanStore;
  /** What people call it: a file, or where the API server is looked up. */
  readonly name: string;
  readonly confirm?: Confirm;
  /** To the API server, where the scans are there. */
  readonly connection?: Connection;
}

const openConfirm = async (connection: Connection, settings: JobSettings): Promise<Confirm> => {
  const [{ confirmWith }, { kubernetesJobs }] = await Promise.all([import('./confirm.ts'), import('../scans/jobs.ts')]);
  return confirmWith(kubernetesJobs(connection), settings);
};

const clusterName = ({ kubeconfigs, eks }: StoreSettings): string => {
  if (eks !== undefined) return `the EKS cluster ${eks.cluster}`;
  return kubeconfigs.length === 0 ? 'the cluster of this pod' : `the cluster of ${kubeconfigs.join(':')}`;
};

const openKubernetes = async (storeSettings: StoreSettings, settings: JobSettings): Promise<OpenStore> => {
  // Loaded only where it is asked for: the client library takes longer to load than all else together.
  const [{ openConnection }, { kubernetesStore }] = await Promise.all([
    import('../scans/kubernetes-connection.ts'),
    import('../scans/kubernetes.ts'),
  ]);
  const { kubeconfigs, eks } = storeSettings;
  const connection = openConnection({
    kubeconfigs,
    environment: programEnvironment(),
    ...(eks !== undefined && { eks }),
  });
  return {
    store: kubernetesStore(connection, readScope()),
    name: clusterName(storeSettings),
    connection,
    ...((settings.readsJobs || settings.readsPods) && { confirm: await openConfirm(connection, settings) }),
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
  const { openEmbeddedStore } = await import('../scans/embedded.ts');
  return { store: await openEmbeddedStore({ ...settings, readOnly }), name: settings.path };
};
