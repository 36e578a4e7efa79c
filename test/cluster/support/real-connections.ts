/** Connections to a real API server, as whoever's token it is. */
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { type Connection, openConnection } from '../../../shared/scans/kubernetes-connection.ts';
import { temporaryFolder } from '../../support/cli-folder.ts';
import { writeKubeconfig } from '../../support/kubeconfigs.ts';
import type { Access } from './cluster.ts';

/** Call it where tests are described: what it gives opens a connection, which is closed after its test. */
export const realConnections = (): ((access: Pick<Access, 'url' | 'ca' | 'token'>) => Connection) => {
  const folder = temporaryFolder();
  const opened: Connection[] = [];
  let files = 0;
  afterEach(() => {
    for (const connection of opened.splice(0)) connection.close();
  });
  return ({ url, ca, token }) => {
    files += 1;
    const kubeconfig = writeKubeconfig(join(folder, `config-${files}`), { server: url, ca, user: { token } });
    const connection = openConnection({ kubeconfigs: [kubeconfig], environment: process.env });
    opened.push(connection);
    return connection;
  };
};
