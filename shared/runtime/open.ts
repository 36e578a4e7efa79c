/** Opens a process by its settings: the functions that it runs, and what they work with. The same for every runtime. */
import { Refused } from '../events/rejected.ts';
import type { Scope } from '../events/scope.ts';
import type { AnswerSettings } from './answer.ts';
import { authenticator } from './auth-open.ts';
import { type RuntimeSettings, readRuntimeSettings, readScope } from './config.ts';
import { readVerdictKeys } from './config-policies.ts';
import type { Verify } from './decide.ts';
import type { AnyFunction } from './function.ts';
import { createLog, type Logger } from './log.ts';
import { type Metrics, startMetrics } from './metrics.ts';
import { openOutput } from './open-output.ts';
import { type OpenStore, openStore } from './open-store.ts';
import type { Responding } from './respond.ts';

/** What there is for functions to work with. */
export interface Around extends OpenStore {
  readonly scope: Scope;
  /** Names the cluster in the events that go out. */
  readonly cluster: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface OpenFunctions {
  readonly functions: readonly AnyFunction[];
  /** Those that take what others of the process emit, where no output does. */
  readonly emitsTo?: readonly AnyFunction[];
  /** Rejects with `Unavailable` where they cannot work now; absent, the store says it for them. */
  readonly ready?: () => Promise<void>;
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

/** Where what goes out goes to: one place that the settings name, else those of the process that take it. */
const outputsOf = async (
  settings: RuntimeSettings,
  around: Around,
  emitsTo: OpenFunctions['emitsTo'],
): Promise<Pick<AnswerSettings, 'output' | 'here'>> => {
  const output = openOutput(settings);
  if (output !== undefined) return { output };
  if (emitsTo === undefined) return {};
  return { here: (await import('./in-process.ts')).inProcessOutput(emitsTo, around) };
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
  const around: Around = {
    ...opened,
    scope,
    cluster,
    log: createLog(settings.logLevel),
    metrics: startMetrics(),
  };
  const { functions, emitsTo, ready, close } = await functionsOn(around);
  return {
    functions,
    settings,
    storeName: opened.name,
    responding: {
      store: ready === undefined ? store : { ...store, ready },
      scope,
      log: around.log,
      metrics: around.metrics,
      settings: { cluster, ...(await outputsOf(settings, around, emitsTo)) },
      ...(confirm && { confirm }),
      ...(authenticate && { authenticate }),
      ...(await verifier(believesAll)),
    },
    close: async () => {
      await close?.();
      store.close();
    },
  };
};
