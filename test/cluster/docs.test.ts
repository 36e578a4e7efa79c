/** The examples of the docs about clusters, run as they stand on a cluster that is new. */
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { examplesOf, ROOT } from '../support/examples.ts';
import { serverProcesses } from '../support/server-process.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { clusterTools } from './support/tools.ts';

describe('the examples of docs/kubernetes.md', () => {
  let cluster: Cluster;
  const startServer = serverProcesses();

  beforeAll(async () => {
    cluster = await startCluster(await clusterTools(), { controllers: false });
  }, 60_000);

  afterAll(async () => cluster.stop());

  it('print what they say, one after the other', async () => {
    const { url } = await startServer({ SCAN_STORE: 'kubernetes', KUBECONFIG: cluster.kubeconfig });
    const PATH = `${dirname(cluster.kubectl)}:${process.env.PATH}`;
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, PATH };
    for (const { command, output } of examplesOf('docs/kubernetes.md')) {
      const run = command.replaceAll('http://127.0.0.1:8080', url);
      const printed = execFileSync('sh', ['-c', run], { cwd: ROOT, env, encoding: 'utf8' });
      expect({ command, printed }).toEqual({ command, printed: output });
    }
  }, 120_000);
});
