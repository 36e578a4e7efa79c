/**
 * Rego to a bundle that can be evaluated: what `opa build -t wasm` makes of a policy's text.
 *
 * The same text gives the same bytes, so that the bundle's digest names the policy.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { ENTRYPOINTS } from './contracts.ts';
import {
  CAPABILITIES,
  check,
  DoesNotCompile,
  FILE,
  FLAGS,
  printed,
  type Reading,
  type RegoVersion,
  reached,
  wordsOf,
} from './opa-check.ts';
import { Overrun, opaIn, type RunOpa } from './opa-process.ts';

export interface CompiledRego {
  /** The bundle, as tar.gz. */
  readonly bundle: Uint8Array;
  /** `sha256:` and the digest of the bundle's bytes. */
  readonly digest: string;
  /** Such as `main/deny`: it tells the contract that the policy keeps. */
  readonly entrypoint: string;
  readonly regoVersion: RegoVersion;
}

interface CompileSettings {
  /** The program: a path, or a name to be found as the system finds it. */
  readonly opa: string;
  readonly signal?: AbortSignal;
  /** Milliseconds for all of it. */
  readonly deadline?: number;
}

const DEADLINE = 30_000;
/** Bytes. The API server takes no ScanPolicy of more than half of them. */
const MOST_TEXT = 2 ** 20;
const BUNDLE = 'bundle.tar.gz';

const ref = z.array(z.object({ value: z.unknown() }));
const tree = z.object({
  package: z.object({ path: ref }),
  rules: z.array(z.object({ head: z.object({ ref }) })).default([]),
});

/** The entrypoint by which the text keeps a contract. Throws `DoesNotCompile` where it keeps none. */
const entrypointOf = async ({ version, run }: Reading): Promise<string> => {
  const { stdout } = await run('parse', '--format', 'json', '--json-include', '-comments', ...FLAGS[version], FILE);
  const { package: named, rules } = printed(tree, stdout);
  // A package is a path from the root of all data.
  const path = named.path.slice(1).map(({ value }) => String(value));
  const heads = [...new Set(rules.map(({ head }) => String(head.ref[0]?.value)))];
  const entrypoint = ENTRYPOINTS.find((candidate) => heads.some((head) => [...path, head].join('/') === candidate));
  if (entrypoint !== undefined) return entrypoint;
  const contracts = ENTRYPOINTS.map((candidate) => `package ${candidate.replace('/', ' with ')}`).join(', ');
  const found = heads.length === 0 ? 'no rules' : heads.join(', ');
  throw new DoesNotCompile(`${FILE}: must be ${contracts}, and is package ${path.join('.')} with ${found}`);
};

const build = async (reading: Reading): Promise<CompiledRego> => {
  const { version: regoVersion, run, folder } = reading;
  const entrypoint = await entrypointOf(reading);
  const target = ['-t', 'wasm', '-e', entrypoint, '--capabilities', CAPABILITIES, '-o', BUNDLE];
  const { code, stdout, stderr } = await run('build', ...target, ...FLAGS[regoVersion], FILE);
  if (code !== 0) throw new DoesNotCompile(`${FILE}: ${(stderr || stdout).replace(/^error: /, '')}`);
  const bundle = await readFile(join(folder, BUNDLE));
  const digest = `sha256:${createHash('sha256').update(bundle).digest('hex')}`;
  return { bundle, digest, entrypoint, regoVersion };
};

/** Reads the text as Rego is today, else as it was before OPA 1.0; tells what is wrong in the one that fits it better. */
const compileIn = async (folder: string, run: RunOpa): Promise<CompiledRego> => {
  const now: Reading = { version: 'v1', run, folder };
  const before: Reading = { version: 'v0', run, folder };
  const today = await check(now);
  if (today.length === 0) return build(now);
  const formerly = await check(before);
  if (formerly.length === 0) return build(before);
  throw new DoesNotCompile(wordsOf(reached(formerly) > reached(today) ? formerly : today));
};

/**
 * Compiles the text of one Rego file.
 *
 * @throws DoesNotCompile where the text is at fault
 * @throws Unavailable where there is no compiler, or `signal` ends it
 */
export const compileRego = async (text: string, settings: CompileSettings): Promise<CompiledRego> => {
  const { opa, signal: stopped = new AbortController().signal, deadline = DEADLINE } = settings;
  if (Buffer.byteLength(text) > MOST_TEXT)
    throw new DoesNotCompile(`${FILE}: must not be larger than ${MOST_TEXT} bytes`);
  const folder = await mkdtemp(join(tmpdir(), 'scan-status-policy-'));
  try {
    await writeFile(join(folder, FILE), text);
    const late = AbortSignal.timeout(deadline);
    return await compileIn(folder, opaIn(opa, { folder, stopped, late, deadline }));
  } catch (error) {
    if (error instanceof Overrun) throw new DoesNotCompile(`${FILE}: ${error.message}`, { cause: error });
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
};
