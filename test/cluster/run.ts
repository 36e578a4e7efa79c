/**
 * `npm run test:cluster`: starts a real cluster of its own, and runs the tests of `test/cluster` against it.
 *
 * With `--keep` the cluster stays up afterwards, until it is interrupted.
 */
import { once } from 'node:events';
import { runJest } from '../support/run-jest.ts';
import { CLUSTER_VARIABLE } from './support/access.ts';
import { type Access, startCluster } from './support/cluster.ts';
import { installCrds } from './support/install.ts';
import { clusterTools, opaTool } from './support/tools.ts';

const SELECTED = ['--testMatch=<rootDir>/test/cluster/**/*.test.ts', '--testPathIgnorePatterns=/node_modules/'];

const args = process.argv.slice(2);
const keep = args.includes('--keep');
const OPA_BIN = await opaTool();
const cluster = await startCluster(await clusterTools());
const interrupted = Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
try {
  const { url, token, ca, kubeconfig, kubectl } = cluster;
  const access: Access = { url, token, ca, kubeconfig, kubectl };
  await installCrds(access);
  // What selects tests comes first: after an option with a list jest would take it for one more item.
  const tests = runJest([...args.filter((arg) => arg !== '--keep'), ...SELECTED], {
    [CLUSTER_VARIABLE]: JSON.stringify(access),
    OPA_BIN,
  });
  process.exitCode = await Promise.race([tests, interrupted.then(() => 1)]);
  if (keep) {
    process.stdout.write(`The cluster stays up until you interrupt this:\n\n  export KUBECONFIG=${kubeconfig}\n`);
    process.stdout.write(`  ${kubectl} get imagescans -A\n\n`);
    await interrupted;
  }
} finally {
  await cluster.stop();
}
