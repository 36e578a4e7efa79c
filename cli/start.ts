/** All functions in one process, on the store that is configured: the whole of Scan Status on one machine. */
import { openAlert } from '../functions/alert/open.ts';
import { withFunctions } from '../functions/all.ts';
import { policyEvaluated } from '../functions/policy-evaluated/handler.ts';
import type { Around, OpenFunctions } from '../shared/runtime/open.ts';
import { serve } from '../shared/runtime/serve.ts';

const EXAMPLE = JSON.stringify({
  scan: { kind: 'ImageScan', namespace: 'default', name: 'my-first-scan', uid: '0d4f9a6e' },
  run: { job: 'scan-my-first-scan-1', uid: '5c1b7f20' },
  startedAt: new Date().toISOString(),
});

const welcome = (url: string, store: string): string => `
Scan Status listens on ${url} and keeps its scans in ${store}.
Paste this to see a condition appear:

  curl -s ${url}/job-started -H 'content-type: application/json' \\
    -H 'ce-specversion: 1.0' -H 'ce-type: dev.scanstatus.job-started.v1' -H 'ce-id: 1' -H 'ce-source: /me' \\
    -d '${EXAMPLE}'

and this to see all scans:  curl -s ${url}/api/scans

`;

/** The functions that there are: where the scans are in a cluster, also those that work with its policies. */
const functionsOn = async (around: Around): Promise<OpenFunctions> => {
  const alerting = await openAlert(around, true);
  const emitsTo = [policyEvaluated, ...(alerting.hasReceivers ? [alerting.alert] : [])];
  if (around.connection === undefined)
    return { functions: withFunctions([alerting.alert]), emitsTo, close: alerting.close };
  const { clusterFunctions } = await import('./cluster-functions.ts');
  const { functions, close } = clusterFunctions(around, around.connection);
  return {
    functions: withFunctions([...functions, alerting.alert]),
    emitsTo,
    close: async () => {
      await alerting.close();
      await close();
    },
  };
};

await serve(functionsOn, (url, store) => process.stderr.write(welcome(url, store)));
