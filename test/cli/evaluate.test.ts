/** `npm run -s evaluate`: the verdict as JSON, and an exit status that a pipeline can act on. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../support/cli-folder.ts';
import { runCommand } from '../support/cli-run.ts';

const folder = temporaryFolder();
const fileOf = (path: string): string => new URL(`../../${path}`, import.meta.url).pathname;
const SEVERE = fileOf('test/functions/fixtures/severe.tar.gz');
const REPORT = fileOf('infra/samples/report.cdx.json');
const DIGEST = `sha256:${createHash('sha256').update(readFileSync(SEVERE)).digest('hex')}`;

const evaluate = async (...args: readonly string[]) => {
  const { status, stdout, stderr } = await runCommand('evaluate', args);
  return { status, stderr, told: stdout === '' ? undefined : JSON.parse(stdout) };
};

describe('evaluate', () => {
  it('ends with 1 where the policy failed, and names each vulnerability once', async () => {
    expect(await evaluate('--policy', SEVERE, '--report', REPORT)).toEqual({
      status: 1,
      stderr: '',
      told: {
        policy: { digest: DIGEST },
        verdict: 'failed',
        violations: ['CVE-2021-44228'],
        cveCount: { CRITICAL: 1, HIGH: 0, MEDIUM: 1, LOW: 0, UNKNOWN: 0, CVETOTAL: 2 },
        scanner: { name: 'scanner', vendor: 'example', version: '1.0.0' },
        worst: [{ id: 'CVE-2021-44228', severity: 'CRITICAL', component: 'log4j-core@2.14.1', fixedIn: '2.15.0' }],
      },
    });
  });

  it('ends with 0 where it passed, from standard input and with its format named', async () => {
    const report = JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', vulnerabilities: [] });
    const args = ['--policy', SEVERE, '--report', '-', '--format', 'cyclonedx-json'];
    const { status, stdout } = await runCommand('evaluate', args, { input: report });
    expect([status, JSON.parse(stdout).verdict]).toEqual([0, 'passed']);
  });

  it.each([
    ['a bundle that is none', () => [REPORT, REPORT], 'the bundle cannot be used: it is neither a tar.gz nor'],
    ['a report of another format', () => [SEVERE, REPORT, '--format', 'trivy'], 'said to be trivy'],
    ['a report that is none', () => [SEVERE, SEVERE], 'the report'],
  ])('ends with 2 and a verdict that says what is wrong, for %s', async (_, named, text) => {
    const [policy = '', report = '', ...more] = named();
    const { status, told } = await evaluate('--policy', policy, '--report', report, ...more);
    expect(status).toBe(2);
    expect(told).toMatchObject({ verdict: 'error', violations: [], error: expect.stringContaining(text) });
  });

  it.each([
    [[], '--policy: name a file'],
    [['--policy', SEVERE], '--report: name a file'],
    [['--policy', '/nowhere', '--report', REPORT], '/nowhere: cannot be read'],
    [['--policy', SEVERE, '--report', REPORT, '--format', 'pdf'], '--format: must be cyclonedx-json or'],
  ])('says how it is called, for %j', async (args, text) => {
    const { status, stderr, told } = await evaluate(...args);
    expect([status, told]).toEqual([2, undefined]);
    expect(stderr.startsWith(text)).toBe(true);
  });

  it('asks for signed bundles where keys are configured', async () => {
    const keys = join(folder, 'keys.pem');
    writeFileSync(keys, readFileSync(fileOf('test/policy/bundle/fixtures/rs256.pem')));
    const env = { BUNDLE_KEYS: keys };
    const { status, stdout } = await runCommand('evaluate', ['--policy', SEVERE, '--report', REPORT], { env });
    expect([status, JSON.parse(stdout).error]).toEqual([2, expect.stringContaining('signed')]);
  });
});
