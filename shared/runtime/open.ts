/** Opens a process by its settings: the functions that it runs, and what they work with. The same for every runtime. */
import type { Scope } from '../events/scope.ts';
import { type RuntimeSettings, readRuntimeSettings, readScope, readVerdictKeys } from './config.ts';
import type { Verify } from './decide.ts';
import type { AnyFunction, ScanFunction } from './function.ts';
import { createLog } from './log.ts';
import { startMetrics } from './metrics.ts';
import { type OpenStore, openStore } from './open-store.ts';
import type { Responding } from './respond.ts';
import { sinkOutput } from './sink.ts';

/** What there is for functions to work with. */
export interface Around extends OpenStore {
  readonly scope: Scope;
  /** Names the cluster in the events that go out. */
  readonly cluster: string;
}

export interface OpenFunctions {
  readonly functions: readonly AnyFunction[];
  /** Those that take what others of the process emit, where no output does. */
  readonly emitsTo?: readonly ScanFunction[];
  readonly close?: () => Promise<void>;
}

export interface OpenProcess {
  readonly functions: readonly AnyFunction[];
  readonly responding: Responding;
  readonly settings: RuntimeSettings;
  /** What people call the store. */
  readonly storeName: string;
  readonly close: () => Promise<void>;
}

/** Verdicts must be signed where there are keys to check them with. */
const verifier = async (): Promise<{ readonly verify?: Verify }> => {
  const files = readVerdictKeys();
  if (files.length === 0) return {};
  const [{ publicKeysIn }, { verifyWith }] = await Promise.all([
    import('../policy/key-files.ts'),
    import('../policy/verdict-signature.ts'),
  ]);
  return { verify: verifyWith(publicKeysIn(files)) };
};

/** Throws `WrongSetting`; rejects with `Unavailable` where the embedded store cannot be used. */
export const openProcess = async (
  functionsOn: (around: Around) => OpenFunctions | Promise<OpenFunctions>,
): Promise<OpenProcess> => {
  const settings = readRuntimeSettings();
  const scope = readScope();
  const opened = await openStore();
  const { store, confirm } = opened;
  const { cluster, sink } = settings;
  const { functions, emitsTo, close } = await functionsOn({ ...opened, scope, cluster });
  const output = sink === undefined ? undefined : sinkOutput(sink);
  return {
    functions,
    settings,
    storeName: opened.name,
    responding: {
      store,
      scope,
      log: createLog(settings.logLevel),
      metrics: startMetrics(),
      settings: { cluster, ...(output && { output }) },
      ...(confirm && { confirm }),
      ...(await verifier()),
      ...(emitsTo && output === undefined && { emitsTo }),
    },
    close: async () => {
      await close?.();
      store.close();
    },
  };
};
