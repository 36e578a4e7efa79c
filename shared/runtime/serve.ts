/** A process that serves functions over HTTP until it is told to stop: all of them for `npm start`, one on Knative. */
import { Unavailable } from '../scans/unavailable.ts';
import { readServerSettings, type ServerSettings, WrongSetting } from './config.ts';
import { httpHandler } from './http.ts';
import { type OpenProcess, openProcess } from './open.ts';
import type { Responding } from './respond.ts';
import { startServer } from './server.ts';

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
const checkStore = async ({ store, log }: Responding): Promise<void> => {
  try {
    await store.ready();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    log.warn({ why: error.message }, 'not ready');
  }
};

const warnOfStrangers = ({ verify, log }: Responding, { isLoopback }: ServerSettings): void => {
  if (isLoopback || verify !== undefined) return;
  log.warn({ setting: 'VERDICT_KEYS' }, 'verdicts are believed unsigned: whoever reaches this server can pass a scan');
};

const start = async (
  functionsOn: Parameters<typeof openProcess>[0],
  welcome: (url: string, store: string) => void,
): Promise<void> => {
  const settings = readServerSettings();
  const opened: OpenProcess = await under('SCAN_STORE_PATH', () => openProcess(functionsOn, settings));
  const { functions, responding, storeName, close } = opened;
  const { log } = responding;
  const handler = httpHandler(functions, { ...responding, isLoopback: settings.isLoopback });
  const server = await under('PORT, HOST', () => startServer(handler, settings));
  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'stopping');
    await server.stop();
    await close();
    log.info('stopped');
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop(signal));
  log.info({ url: server.url, store: storeName }, 'listening');
  warnOfStrangers(responding, settings);
  welcome(server.url, storeName);
  await checkStore(responding);
};

/**
 * Serves the functions until SIGTERM or SIGINT, which let finish what is in flight. A wrong setting ends the process with
 * one line that names it.
 *
 * @param welcome tells people that it listens
 */
export const serve = async (
  functionsOn: Parameters<typeof openProcess>[0],
  welcome: (url: string, store: string) => void = () => undefined,
): Promise<void> => {
  try {
    await start(functionsOn, welcome);
  } catch (error) {
    if (!(error instanceof WrongSetting)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
};
