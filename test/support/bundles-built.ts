/** The bundles, built once for a test file. They lie in the project, where Node finds what they leave to the runtime. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { bundleAll } from '../../infra/build/build.ts';
import type { Bundle } from '../../infra/build/bundle.ts';
import { ROOT } from './examples.ts';

export interface BuiltBundles {
  readonly folder: () => string;
  readonly all: () => readonly Bundle[];
}

/** Call it where tests are described, with the functions if not all are wanted; what it gives can be asked by tests. */
export const builtBundles = (...names: readonly string[]): BuiltBundles => {
  const cache = join(ROOT, 'node_modules/.cache');
  let folder: string | undefined;
  let bundles: readonly Bundle[] | undefined;
  const known = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the bundles are not built yet');
    return value;
  };
  beforeAll(async () => {
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, 'bundles-'));
    bundles = await bundleAll(folder, names.length > 0 ? names : undefined);
  }, 180_000);
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });
  return { folder: () => known(folder), all: () => known(bundles) };
};
