/** The worlds of the contract as settings of a process of its own. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { openEmbeddedStore } from '../../shared/scans/embedded.ts';
import { type ApiServer, apiServers } from './api-server.ts';
import { temporaryFolder } from './cli-folder.ts';
import { writeKubeconfig } from './kubeconfigs.ts';
import { putScans, statusOf } from './kubernetes-stores.ts';
import type { World } from './runtime-contract-cases.ts';
import { statuses } from './statuses.ts';

export interface WorldOfProcess {
  /** Sets it apart from all others. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly statuses: () => Promise<Readonly<Record<string, JsonObject>>>;
}

const CONFLICT = JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Conflict', code: 409 });

const { publicKey } = generateKeyPairSync('ed25519');

/** Call it where tests are described: what it gives opens a world, in which nothing has happened yet. */
export const worldsOfProcesses = (): ((world: World) => Promise<WorldOfProcess>) => {
  const folder = temporaryFolder();
  const serve = apiServers();
  const keys = join(folder, 'verdict-keys.pem');
  writeFileSync(keys, publicKey.export({ type: 'spki', format: 'pem' }));
  let opened = 0;

  const embedded = (name: string, more: Readonly<Record<string, string>>): WorldOfProcess => {
    const file = join(folder, `${name}.db`);
    return {
      name,
      environment: { SCAN_STORE: 'embedded', SCAN_STORE_PATH: file, ...more },
      statuses: async () => {
        const store = await openEmbeddedStore({ path: file, maximum: 1_000 });
        const found = await statuses(store);
        store.close();
        return found;
      },
    };
  };
  const SCAN = { kind: 'ImageScan', namespace: 'team-a', name: 'image', uid: 'uid-image' };
  const inCluster = async (name: string, prepare: (server: ApiServer) => unknown): Promise<WorldOfProcess> => {
    const server = await serve();
    await prepare(server);
    const KUBECONFIG = writeKubeconfig(join(folder, `${name}.kubeconfig`), { server: server.url });
    return {
      name,
      environment: { SCAN_STORE: 'kubernetes', KUBECONFIG },
      statuses: async () => ({ 'team-a/ImageScan/image': statusOf(server, SCAN) }),
    };
  };
  const contested = (server: ApiServer): void => {
    putScans(server, SCAN);
    server.trouble(({ method }) => (method === 'PATCH' ? { answer: 409, body: CONFLICT } : undefined));
  };
  return async (world) => {
    opened += 1;
    const name = `${world}-${opened}`;
    if (world === 'usual') return embedded(name, {});
    if (world === 'signed') return embedded(name, { VERDICT_KEYS: keys });
    if (world === 'contested') return inCluster(name, contested);
    return inCluster(name, world === 'away' ? ({ stop }) => stop() : () => undefined);
  };
};
