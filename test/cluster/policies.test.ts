/** The example policies: they pass their own tests, are written as OPA writes, and belong to their bundles. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compileRego } from '../../shared/policy/compile.ts';
import { ENTRYPOINTS } from '../../shared/policy/contracts.ts';
import { ROOT } from '../support/examples.ts';
import { opaTool } from './support/tools.ts';

const FOLDER = join(ROOT, 'infra/policies');
const NAMES = readdirSync(FOLDER, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const V0 = join(ROOT, 'test/policy/fixtures/deny-v0.rego');
const TIMEOUT = 120_000;

const run = promisify(execFile);
let opa: string;

beforeAll(async () => {
  opa = await opaTool();
}, TIMEOUT);

const compile = (file: string): ReturnType<typeof compileRego> => compileRego(readFileSync(file, 'utf8'), { opa });

describe.each(NAMES)('the example policy %s', (name) => {
  const folder = join(FOLDER, name);
  // Not the folder: OPA would load the bundle beside its own text.
  const files = ['policy.rego', 'policy_test.rego'].map((file) => join(folder, file));

  it(
    'passes its tests, which reach every line',
    async () => {
      await run(opa, ['test', '--threshold', '100', ...files]);
      const { stdout } = await run(opa, ['test', '--format', 'json', ...files]);
      const tests: readonly { readonly fail?: boolean }[] = JSON.parse(stdout);
      expect(tests.filter(({ fail }) => fail)).toEqual([]);
      expect(tests.length).toBeGreaterThan(4);
    },
    TIMEOUT,
  );

  it(
    'is written as OPA writes, and keeps to its stricter rules',
    async () => {
      expect((await run(opa, ['fmt', '--diff', ...files])).stdout).toBe('');
      await run(opa, ['check', '--strict', ...files]);
    },
    TIMEOUT,
  );

  it(
    'is what its bundle was compiled from',
    async () => {
      const { bundle, regoVersion } = await compile(join(folder, 'policy.rego'));
      expect(regoVersion).toBe('v1');
      // If not, its README says how to compile it again.
      expect(Buffer.compare(bundle, readFileSync(join(folder, 'bundle.tar.gz')))).toBe(0);
    },
    TIMEOUT,
  );
});

describe('the example policies', () => {
  it(
    'keep one contract each, and all of them',
    async () => {
      const compiled = await Promise.all(NAMES.map((name) => compile(join(FOLDER, name, 'policy.rego'))));
      expect(compiled.map(({ entrypoint }) => entrypoint).sort()).toEqual([...ENTRYPOINTS].sort());
    },
    TIMEOUT,
  );

  it(
    'may be as old as Rego v0',
    async () => {
      expect(await compile(V0)).toMatchObject({ entrypoint: 'main/deny', regoVersion: 'v0' });
    },
    TIMEOUT,
  );
});
