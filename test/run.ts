/** Runs jest, and closes with one line of numbers computed from its results. */
import { spawnSync } from 'node:child_process';
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

const read = (file: string): Results => JSON.parse(readFileSync(file, 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'scan-status-test-'));
const results = join(folder, 'results.json');
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, '--coverage', '--json'];
const { status } = spawnSync(process.execPath, [...args, `--outputFile=${results}`, ...process.argv.slice(2)], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
try {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = read(results);
  const failed = numFailedTests + numRuntimeErrorTestSuites;
  const skipped = numPendingTests + numTodoTests;
  process.stdout.write(`${numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = numPassedTests === 0 ? 1 : (status ?? 1);
} catch {
  process.stdout.write('jest gave no results\n0 passed, 1 failed, 0 skipped\n');
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
