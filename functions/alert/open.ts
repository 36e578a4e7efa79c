/** Opens what `alert` works with: whom it tells, of what, and what it remembers of that. */
import type { AlertsConfig } from '../../shared/alerts/alerts-file.ts';
import { openTurns } from '../../shared/alerts/in-turn.ts';
import type { AlertServices } from '../../shared/alerts/services.ts';
import { type AlertStateSettings, openAlertState } from '../../shared/alerts/state/open.ts';
import type { AlertState } from '../../shared/alerts/state.ts';
import { programEnvironment, readAlertsSetting, WrongSetting } from '../../shared/runtime/config.ts';
import { readStoreSettings } from '../../shared/runtime/config-cluster.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import type { Around, OpenFunctions } from '../../shared/runtime/open.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { alert } from './handler.ts';
import { keepTelling } from './keep-telling.ts';

export interface OpenAlert {
  readonly alert: WorkingFunction;
  /** Whether there is anybody to be told. */
  readonly hasReceivers: boolean;
  /** Rejects with `Unavailable` where what it remembers cannot be reached. */
  readonly ready: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** There is none of this name: to ask for it tells whether one may. */
const NO_RECORD = `alert-${'0'.repeat(64)}`;

/** What is wrong with the file, or with what it asks for, is told under its setting. */
const underSetting = async <T>(file: string, step: () => Promise<T>): Promise<T> => {
  try {
    return await step();
  } catch (error) {
    const isExpected = error instanceof Unavailable || (error instanceof Error && error.name === 'WrongAlertsConfig');
    if (!isExpected) throw error;
    throw new WrongSetting('ALERTS_CONFIG', `${file}: ${error.message}`);
  }
};

/** Where nothing is said: where the embedded store usually is as well, and in memory where that is. */
const usualState = (): AlertStateSettings => {
  const { kind, path } = readStoreSettings();
  return kind === 'embedded' && path === ':memory:' ? { memory: {} } : { file: '.data/alerts.db' };
};

const stateOf = async ({ state }: AlertsConfig, { connection }: Around, isAlone: boolean): Promise<AlertState> => {
  // Pods and Lambda's environments come and go, and with them their files.
  if (state === undefined && isAlone)
    throw new WrongSetting('ALERTS_CONFIG', 'state: must say where it is remembered what was told');
  const settings = state ?? usualState();
  if ('configMaps' in settings && connection === undefined)
    throw new WrongSetting('ALERTS_CONFIG', 'state.configMaps needs SCAN_STORE=kubernetes');
  return openAlertState(settings, connection);
};

const servicesOf = async (around: Around, file: string, keepsDue: boolean): Promise<AlertServices> => {
  // Loaded only where somebody is to be told: YAML, schemas and templates take their time.
  const [{ alertsConfigIn }, { openReceivers }] = await Promise.all([
    import('../../shared/alerts/alerts-file.ts'),
    import('../../shared/alerts/open-receivers.ts'),
  ]);
  const config = await alertsConfigIn(file);
  const receivers = await openReceivers(config.receivers, { environment: programEnvironment() });
  return {
    telling: {
      state: await stateOf(config, around, !keepsDue),
      rules: config.rules,
      receivers: new Map(receivers.map((one) => [one.name, one])),
      now: Date.now,
      counts: around.metrics.alerts,
    },
    replays: config.replays,
    inTurn: openTurns(),
    keepsDue,
  };
};

/** Nobody is told of anything, and nothing is remembered. */
const forNobody = async ({ metrics }: Around): Promise<AlertServices> => ({
  telling: {
    state: await openAlertState({ memory: {} }),
    rules: [],
    receivers: new Map(),
    now: Date.now,
    counts: metrics.alerts,
  },
  replays: 'quiet',
  inTurn: openTurns(),
  keepsDue: false,
});

/**
 * Rejects with `WrongSetting`.
 *
 * @param keepsDue whether the process itself tells what is due, as long as it lives; else its event source and ticks do
 */
export const openAlert = async (around: Around, keepsDue: boolean): Promise<OpenAlert> => {
  const file = readAlertsSetting();
  if (file === undefined)
    return {
      alert: alert(await forNobody(around)),
      hasReceivers: false,
      ready: async () => undefined,
      close: async () => undefined,
    };
  const services = await underSetting(file, () => servicesOf(around, file, keepsDue));
  const stop = keepsDue ? keepTelling(services, around.log) : async () => undefined;
  return {
    alert: alert(services),
    hasReceivers: services.telling.receivers.size > 0,
    ready: async () => void (await services.telling.state.get(NO_RECORD)),
    close: async () => {
      await stop();
      services.telling.state.close();
    },
  };
};

/** The function in a process of its own. Rejects with `WrongSetting`. */
export const openAlone = async (around: Around): Promise<OpenFunctions> => {
  const { alert: only, ready, close } = await openAlert(around, false);
  return { functions: [only], ready, close };
};
