/** The compiler as a program: one that is missing, is another, does not end, or is ended. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { compileRego } from '../../shared/policy/compile.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { errorOf } from '../support/error-of.ts';

const folder = temporaryFolder();

let programs = 0;
/** A program that stands where opa should. */
const program = (script: string): string => {
  programs += 1;
  const file = join(folder, `opa-${programs}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
};

const record = join(folder, 'record');
const compileWith = (script: string, settings: { readonly signal?: AbortSignal; readonly deadline?: number } = {}) =>
  errorOf(compileRego('package main', { opa: program(script), ...settings }));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the compiler', () => {
  it('that is not there makes the policy wait, and the setting is named', async () => {
    const opa = join(folder, 'nowhere');
    expect(await errorOf(compileRego('package main', { opa }))).toMatchObject({
      name: 'Unavailable',
      message: `${opa} cannot be started (ENOENT); set OPA_BIN to the program opa, 1.0 or newer`,
    });
    expect(await errorOf(compileRego('package main', { opa: folder }))).toMatchObject({
      name: 'Unavailable',
      message: `${folder} cannot be started (EACCES); set OPA_BIN to the program opa, 1.0 or newer`,
    });
  });

  it.each([
    ['says nothing', 'exit 0'],
    ['says something else', 'echo "usage: opa"'],
    ['says other JSON', 'echo "[]"'],
    ['fails', 'echo "unknown command" >&2; exit 1'],
  ])('that %s is none', async (_, script) => {
    expect(await compileWith(script)).toMatchObject({
      name: 'Unavailable',
      message: 'the compiler does not answer as opa does; set OPA_BIN to the program opa, 1.0 or newer',
    });
  });

  it.each([
    ['does not end in time', 'exec /bin/sleep 60', 'policy.rego: the compiler takes longer than 0.3 seconds'],
    [
      'will not be ended',
      "trap '' TERM INT; while :; do :; done",
      'policy.rego: the compiler takes longer than 0.3 seconds',
    ],
    ['crashes', 'kill -SEGV $$', 'policy.rego: the compiler was ended by SIGSEGV'],
  ])('that %s refuses the text', async (_, script, message) => {
    const error = await compileWith(`echo $$ > ${record}\n${script}`, { deadline: 300 });
    expect(error).toMatchObject({ name: 'DoesNotCompile', message });
    expect(isAlive(Number(readFileSync(record, 'utf8')))).toBe(false);
  });

  it('that never stops talking refuses the text', async () => {
    expect(await compileWith('exec /usr/bin/yes')).toMatchObject({
      name: 'DoesNotCompile',
      message: 'policy.rego: the compiler says too much',
    });
  });

  it('that is stopped by its caller makes the policy wait', async () => {
    const signal = AbortSignal.timeout(100);
    expect(await compileWith('exec /bin/sleep 60', { signal })).toMatchObject({
      name: 'Unavailable',
      message: 'the compilation was stopped',
    });
    expect(await compileWith('exit 0', { signal: AbortSignal.abort() })).toMatchObject({ name: 'Unavailable' });
  });

  it('works in a folder of its own that is gone afterwards, and sees nothing of our environment', async () => {
    expect(process.env.PATH).toBeDefined();
    await compileWith(`{ pwd; /bin/cat policy.rego; echo; /usr/bin/env; } > ${record}`);
    const [where = '', text, ...environment] = readFileSync(record, 'utf8').trim().split('\n');
    expect(where).toMatch(/scan-status-policy-\w+$/);
    expect(existsSync(where)).toBe(false);
    expect(text).toBe('package main');
    // What a shell sets by itself.
    expect(
      environment.map((line) => line.split('=')[0]).filter((name) => !/^(PWD|OLDPWD|SHLVL|_)$/.test(name ?? '')),
    ).toEqual([]);
  });

  it('is not asked about a text that is too large', async () => {
    const opa = program('exit 0');
    expect(await errorOf(compileRego('é'.repeat(2 ** 19) + 1, { opa }))).toMatchObject({
      name: 'DoesNotCompile',
      message: 'policy.rego: must not be larger than 1048576 bytes',
    });
  });
});
