/** What `alert` remembers: one contract for every place where it does. */
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { memoryAlertState } from '../../shared/alerts/state/memory.ts';
import { openAlertState } from '../../shared/alerts/state/open.ts';
import { alertStateContract } from '../support/alert-state-contract.ts';
import { apiServers } from '../support/api-server.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { kubernetesStores } from '../support/kubernetes-stores.ts';

describe('in memory', () =>
  alertStateContract({
    fresh: async () => {
      const state = memoryAlertState();
      return async () => state;
    },
  }));

describe('in a file', () => {
  const folder = temporaryFolder();
  let files = 0;
  alertStateContract({
    fresh: async () => {
      files += 1;
      const file = join(folder, `deep/${files}/alerts.db`);
      return () => openAlertState({ file });
    },
    numRuns: 30,
  });
});

describe('in ConfigMaps', () => {
  const serve = apiServers();
  const open = kubernetesStores();
  alertStateContract({
    fresh: async () => {
      const { connection } = open(await serve());
      return () => openAlertState({ configMaps: { namespace: 'alerts' } }, connection);
    },
    numRuns: 30,
  });
});
