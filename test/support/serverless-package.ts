/** `serverless package`, as `npm run package` calls it, in a folder of its own and with bundles that stand for the real. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import { ROOT } from './examples.ts';
import type { Template } from './serverless-template.ts';
import { unzipped } from './serverless-zip.ts';

const PROGRAM = join(ROOT, 'node_modules/serverless/bin/serverless.js');

/** The functions that the project has. */
export const FUNCTION_FOLDERS: readonly string[] = readdirSync(join(ROOT, 'functions'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** All that packaging reads of the checkout. */
const READ = ['serverless.yml', 'package.json', 'infra/aws', 'shared/events/types.ts'];

/** What the build leaves behind for a function, and more that belongs into no package. */
const BUILT = ['index.mjs', 'chunk-A1.mjs', 'index.mjs.map', 'chunk-A1.mjs.map', 'meta.json', 'handler.test.ts'];

export interface Packaged {
  readonly template: Template;
  /** The paths in a function's artifact. */
  readonly filesOf: (name: string) => readonly string[];
}

/** Neither credentials nor a home with any: what packaging needs of AWS it does not get. */
const environmentIn = (folder: string) => ({ PATH: process.env.PATH, HOME: folder });

const write = (folder: string): void => {
  for (const part of READ) {
    mkdirSync(dirname(join(folder, part)), { recursive: true });
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  for (const name of FUNCTION_FOLDERS) {
    const built = join(folder, 'dist/lambda', name);
    mkdirSync(built, { recursive: true });
    for (const file of BUILT) writeFileSync(join(built, file), `// ${name} ${file}\n`);
  }
};

/** Call it where tests are described: what it gives packages with these parameters, and is cleared away at the end. */
export const packages = (): ((...params: readonly string[]) => Packaged) => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  return (...params) => {
    const folder = mkdtempSync(join(tmpdir(), 'scan-status-package-'));
    folders.push(folder);
    write(folder);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [PROGRAM, 'package', ...params.map((param) => `--param=${param}`)],
      { cwd: folder, env: environmentIn(folder), encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`serverless package ended with ${status}:\n${stdout}${stderr}`);
    const out = join(folder, '.serverless');
    return {
      template: JSON.parse(readFileSync(join(out, 'cloudformation-template-update-stack.json'), 'utf8')),
      filesOf: (name) => [...unzipped(readFileSync(join(out, `${name}.zip`))).keys()],
    };
  };
};
