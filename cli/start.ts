/** All functions in one process, on the store that is configured: the whole of Scan Status on one machine. */
import { allFunctions, withFunctions } from '../functions/all.ts';
import { policyEvaluated } from '../functions/policy-evaluated/handler.ts';
import {
  readScope,
  readServerSettings,
  readVerdictKeys,
  type ServerSettings,
  WrongSetting,
} from '../shared/runtime/config.ts';
import type { Verify } from '../shared/runtime/decide.ts';
import type { AnyFunction } from '../shared/runtime/function.ts';
import { httpApp } from '../shared/runtime/http.ts';
import { createLog, type Logger } from '../shared/runtime/log.ts';
import { startServer } from '../shared/runtime/server.ts';
import type { ScanStore } from '../shared/scans/store.ts';
import { Unavailable } from '../shared/scans/unavailable.ts';
import { type OpenStore, openStore } from './store.ts';

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

/** Takes a step whose failure is told under the setting that decides it. */
const under = async <T>(variable: string, step: () => T | Promise<T>): Promise<T> => {
  try {
    return await step();
  } catch (error) {
    const isExpected = error instanceof Unavailable || (error instanceof Error && 'code' in error);
    if (!isExpected) throw error;
    throw new WrongSetting(variable, error.cause instanceof Error ? error.cause.message : error.message);
  }
};

/** What keeps the store from being used is told once, before the first event meets it. */
const checkStore = async (store: ScanStore, log: Logger): Promise<void> => {
  try {
    await store.ready();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    log.warn({ why: error.message }, 'not ready');
  }
};

interface Functions {
  readonly functions: readonly AnyFunction[];
  readonly close: () => Promise<void>;
}

/** The functions that there are: where the scans are in a cluster, also those that work with its policies. */
const functionsOn = async (
  { connection, store, confirm }: OpenStore,
  { cluster }: ServerSettings,
): Promise<Functions> => {
  if (connection === undefined) return { functions: allFunctions, close: async () => undefined };
  const { clusterFunctions } = await import('./cluster-functions.ts');
  const { functions, close } = clusterFunctions({ connection, store, scope: readScope(), confirm, cluster });
  return { functions: withFunctions(functions), close };
};

/** Verdicts must be signed where there are keys to check them with. */
const verifier = async (): Promise<{ readonly verify?: Verify }> => {
  const files = readVerdictKeys();
  if (files.length === 0) return {};
  const { publicKeysIn } = await import('../shared/policy/key-files.ts');
  const { verifyWith } = await import('../shared/policy/verdict-signature.ts');
  return { verify: verifyWith(publicKeysIn(files)) };
};

const start = async (): Promise<void> => {
  const settings = readServerSettings();
  const scope = readScope();
  const log = createLog(settings.logLevel);
  const opened = await under('SCAN_STORE_PATH', () => openStore());
  const { store, name, confirm } = opened;
  const { functions, close } = await functionsOn(opened, settings);
  const doubts = { ...(confirm && { confirm }), ...(await verifier()) };
  const emitsTo = settings.sink === undefined ? { emitsTo: [policyEvaluated] } : {};
  const app = httpApp(functions, { store, scope, log, settings, ...doubts, ...emitsTo });
  const server = await under('PORT, HOST', () => startServer(app, settings));
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    await server.stop();
    await close();
    store.close();
    log.info('stopped');
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop(signal));
  log.info({ url: server.url, store: name }, 'listening');
  if (!settings.isLoopback && doubts.verify === undefined)
    log.warn(
      { setting: 'VERDICT_KEYS' },
      'verdicts are believed unsigned: whoever reaches this server can pass a scan',
    );
  process.stderr.write(welcome(server.url, name));
  await checkStore(store, log);
};

try {
  await start();
} catch (error) {
  if (!(error instanceof WrongSetting)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
