/** The cluster that `npm run test:cluster` has started, for the tests. */
import type { Access } from './cluster.ts';

/** The environment variable that hands it over. */
export const CLUSTER_VARIABLE = 'SCAN_STATUS_TEST_CLUSTER';

/** The cluster; throws where there is none. */
export const cluster = (): Access => {
  const text = process.env[CLUSTER_VARIABLE];
  if (text === undefined) throw new Error('there is no cluster: run this test with npm run test:cluster');
  return JSON.parse(text);
};
