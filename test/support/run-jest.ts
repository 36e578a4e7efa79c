/** Runs jest, and closes with one line of numbers computed from its results. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

const FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

const read = (file: string): Results => JSON.parse(readFileSync(file, 'utf8'));

/** Runs the tests that `args` select and answers the exit status: 0 where all passed, and there were some. */
export const runJest = async (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-test-'));
  const results = join(folder, 'results.json');
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const child = spawn(process.execPath, [...FLAGS, jest, '--json', `--outputFile=${results}`, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const [status] = (await once(child, 'close')) as [number | null];
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = read(results);
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests + numTodoTests;
    process.stdout.write(`${numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
    return numPassedTests === 0 ? 1 : (status ?? 1);
  } catch {
    process.stdout.write('jest gave no results\n0 passed, 1 failed, 0 skipped\n');
    return 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
};
