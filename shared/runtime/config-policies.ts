/** The settings of the functions that work with policies. */
import { existsSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import * as z from 'zod';
import { type Environment, programEnvironment, readSettings, wholeNumber, yesOrNo } from './config.ts';

/** Files, as a PATH lists folders. */
const files = () => z.string().transform((text) => text.split(delimiter).filter((file) => file !== ''));

/**
 * The compiler of policies: the program that `OPA_BIN` names, else the first `opa` of the PATH. Whether it is there, and is
 * one, shows when it is run.
 */
export const readOpaSetting = ({ OPA_BIN, PATH = '' }: Environment = programEnvironment()): string => {
  if (OPA_BIN) return resolve(OPA_BIN);
  const places = PATH.split(delimiter).filter((folder) => folder !== '');
  return places.map((folder) => resolve(folder, 'opa')).find((file) => existsSync(file)) ?? 'opa';
};

const policySettings = () =>
  z.object({
    REPORT_MAX_MIB: wholeNumber(1, 256).default(64),
    REPORT_SOURCES: z.string().optional(),
    POLICY_DEADLINE_SECONDS: wholeNumber(1, 300).default(10),
    POLICY_MEMORY_MIB: wholeNumber(16, 4_000).default(384),
    POLICY_CANARY: z.enum(['warn', 'strict'], { error: 'must be warn or strict' }).default('warn'),
    TRUST_POD_VERDICTS: yesOrNo().default('false'),
    BUNDLE_KEYS: files().default([]),
    VERDICT_KEY: z.string().optional(),
  });

const MEBIBYTE = 1_048_576;

export interface PolicySettings {
  /** Bytes of a report. */
  readonly largestReport: number;
  /** Milliseconds for one evaluation. */
  readonly deadline: number;
  /** Bytes of memory that a policy may take. */
  readonly memory: number;
  /** Whether a policy that denies nothing in a canary is an error. */
  readonly canaryIsStrict: boolean;
  readonly trustsPodVerdicts: boolean;
  /** The YAML file that says which URLs may be fetched; absent, none. */
  readonly sources?: string;
  /** The files of public keys that bundles must be signed with; none: bundles must not be signed. */
  readonly bundleKeys: readonly string[];
  /** The file of the private key that verdicts are signed with; absent, they are not. */
  readonly signingKey?: string;
}

/** How policies are evaluated. Throws `WrongSetting`. */
export const readPolicySettings = (environment: Environment = programEnvironment()): PolicySettings => {
  const settings = readSettings(policySettings(), environment);
  const { REPORT_SOURCES: sources, VERDICT_KEY: signingKey } = settings;
  return {
    largestReport: settings.REPORT_MAX_MIB * MEBIBYTE,
    deadline: settings.POLICY_DEADLINE_SECONDS * 1_000,
    memory: settings.POLICY_MEMORY_MIB * MEBIBYTE,
    canaryIsStrict: settings.POLICY_CANARY === 'strict',
    trustsPodVerdicts: settings.TRUST_POD_VERDICTS === 'true',
    bundleKeys: settings.BUNDLE_KEYS,
    ...(sources !== undefined && { sources }),
    ...(signingKey !== undefined && { signingKey }),
  };
};

/** The files of public keys that verdicts must be signed with; none: any verdict is believed. Throws `WrongSetting`. */
export const readVerdictKeys = (environment: Environment = programEnvironment()): readonly string[] =>
  readSettings(z.object({ VERDICT_KEYS: files().default([]) }), environment).VERDICT_KEYS;
