/** The functions in this process, each as its own account on the real cluster, with that account's rights alone. */
import { afterEach } from '@jest/globals';
import { type ClusterFunctions, clusterFunctions } from '../../../cli/cluster-functions.ts';
import { readScope } from '../../../shared/runtime/config.ts';
import type { WorkingFunction } from '../../../shared/runtime/function.ts';
import { kubernetesStore } from '../../../shared/scans/kubernetes.ts';
import type { ScanStore } from '../../../shared/scans/store.ts';
import { cluster } from './access.ts';
import { ACCOUNTS_NAMESPACE, type AccountName, type FunctionName, type POLICY_FUNCTIONS } from './functions.ts';
import { realConnections } from './real-connections.ts';
import { tokenOf } from './scans.ts';

interface OwnAccounts {
  /** The store as a function's account sees it. */
  readonly store: (account: FunctionName) => Promise<ScanStore>;
  /** A function of policies, over its account's connection. */
  readonly working: (account: (typeof POLICY_FUNCTIONS)[number]) => Promise<WorkingFunction>;
}

/** Call it where tests are described: what it gives opens what is closed after its test. */
export const ownAccounts = (): OwnAccounts => {
  const open = realConnections();
  const running: ClusterFunctions[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ close }) => close()));
  });
  const scope = readScope({});
  const connect = async (account: AccountName) =>
    open({ ...cluster(), token: await tokenOf(account, ACCOUNTS_NAMESPACE) });
  return {
    store: async (account) => kubernetesStore(await connect(account), scope),
    working: async (account) => {
      const connection = await connect(account);
      const all = clusterFunctions({ store: kubernetesStore(connection, scope), scope, cluster: 'test' }, connection);
      running.push(all);
      const own = all.functions.find(({ name }) => name === account);
      if (own === undefined) throw new Error(`there is no function ${account}`);
      return own;
    },
  };
};
