/** The command `policy`, as a process: how it is called, and what it answers without a compiler. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../support/cli-folder.ts';
import { runCommand } from '../support/cli-run.ts';

const folder = temporaryFolder();
const file = join(folder, 'strict.rego');
writeFileSync(file, 'package main\n');

describe('policy', () => {
  it('answers 1 and one line where there is no compiler', async () => {
    const OPA_BIN = join(folder, 'opa');
    const hint = `${OPA_BIN} cannot be started (ENOENT); set OPA_BIN to the program opa, 1.0 or newer`;
    for (const args of [
      ['check', file],
      ['build', file],
    ])
      expect(await runCommand('policy', args, { env: { OPA_BIN }, folder })).toEqual({
        status: 1,
        stdout: '',
        stderr: `${hint}: spawn ${OPA_BIN} ENOENT\n`,
      });
  });

  it('shows its usage where asked', async () => {
    expect(await runCommand('policy', ['-h'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: /) });
  });

  it.each([
    ['without arguments', [], 'say build or check'],
    ['with another command', ['compile', 'a.rego'], 'say build or check'],
    ['without a file', ['check'], 'FILE: name one'],
    ['with two files', ['build', 'a.rego', 'b.rego'], 'FILE: name one'],
    ['with a file that is not there', ['check', 'nowhere.rego'], 'nowhere.rego: cannot be read'],
    ['with a folder', ['check', folder], 'cannot be read'],
    ['that is to check and write', ['check', file, '-o', 'a'], '-o: check writes nothing'],
    ['with an unknown option', ['check', file, '--wide'], "Unknown option '--wide'"],
  ])('answers 2 and its usage %s', async (_, args, problem) => {
    const { status, stdout, stderr } = await runCommand('policy', args, { folder });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(/^[^\n]+\n\nUsage: npm run -s policy/);
  });
});
