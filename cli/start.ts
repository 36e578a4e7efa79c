/** All functions in one process, on the embedded store: the whole of Scan Status on one machine. */
import { allFunctions } from '../functions/all.ts';
import { readScope, readServerSettings, readStoreSettings, WrongSetting } from '../shared/runtime/config.ts';
import { httpApp } from '../shared/runtime/http.ts';
import { createLog } from '../shared/runtime/log.ts';
import { startServer } from '../shared/runtime/server.ts';
import { embeddedStore } from '../shared/scans/embedded.ts';
import { Unavailable } from '../shared/scans/unavailable.ts';

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

const start = async (): Promise<void> => {
  const settings = readServerSettings();
  const storeSettings = readStoreSettings();
  const log = createLog(settings.logLevel);
  const store = embeddedStore(storeSettings);
  const server = await startServer(httpApp(allFunctions, { store, scope: readScope(), log, settings }), settings);
  log.info({ url: server.url, store: storeSettings.path }, 'listening');
  process.stderr.write(welcome(server.url, storeSettings.path));
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    await server.stop();
    store.close();
    log.info('stopped');
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop(signal));
};

try {
  await start();
} catch (error) {
  const isExpected =
    error instanceof WrongSetting || error instanceof Unavailable || (error instanceof Error && 'code' in error);
  if (!isExpected) throw error;
  process.stderr.write(`${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}\n`);
  process.exitCode = 1;
}
