/** Opens a process by its settings: the functions that it runs, and what they work with. The same for every runtime. */
import { Refused } from '../events/rejected.ts';
import type { Scope } from '../events/scope.ts';
import { authenticator } from './auth-open.ts';
import { type RuntimeSettings, readRuntimeSettings, readScope, readVerdictKeys } from './config.ts';
import type { Verify } from './decide.ts';
import type { AnyFunction, ScanFunction } from './function.ts';
import { createLog } from './log.ts';
import { startMetrics } from './metrics.ts';
import { openOutput } from './open-output.ts';
import { type OpenStore, openStore } from './open-store.ts';
import type { Responding } from './respond.ts';

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

/** Whom a process answers to. */
export interface Reach {
  /** Whether only this machine can reach it. */
  readonly isLoopback?: boolean;
}

const refuseVerdicts: Verify = async () => {
  throw new Refused('scansignature: VERDICT_KEYS is not set, so no verdict can be believed here', { status: 403 });
};

/** Verdicts must be signed: where there are no keys to check them with, they are believed only if anything is. */
const verifier = async (believesAll: boolean): Promise<{ readonly verify?: Verify }> => {
  const files = readVerdictKeys();
  if (files.length === 0) return believesAll ? {} : { verify: refuseVerdicts };
  const [{ publicKeysIn }, { verifyWith }] = await Promise.all([
    import('../policy/key-files.ts'),
    import('../policy/verdict-signature.ts'),
  ]);
  return { verify: verifyWith(publicKeysIn(files)) };
};

/** Throws `WrongSetting`; rejects with `Unavailable` where the embedded store cannot be used. */
export const openProcess = async (
  functionsOn: (around: Around) => OpenFunctions | Promise<OpenFunctions>,
  { isLoopback = false }: Reach = {},
): Promise<OpenProcess> => {
  const settings = readRuntimeSettings();
  const believesAll = isLoopback || settings.isOpen;
  const authenticate = await authenticator(settings, believesAll);
  const scope = readScope();
  const opened = await openStore();
  const { store, confirm } = opened;
  const { cluster } = settings;
  const { functions, emitsTo, close } = await functionsOn({ ...opened, scope, cluster });
  const output = openOutput(settings);
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
      ...(authenticate && { authenticate }),
      ...(await verifier(believesAll)),
      ...(emitsTo && output === undefined && { emitsTo }),
    },
    close: async () => {
      await close?.();
      store.close();
    },
  };
};
