/** The real package, as `npm run package` makes it of what `npm run build` has bundled. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../support/examples.ts';
import type { Template } from '../../support/serverless-template.ts';

export interface PackagedFunctions {
  /** Where it all is. */
  readonly folder: string;
  /** The file of the template. */
  readonly templateFile: string;
  readonly template: Template;
  /** A function's zip archive. */
  readonly artifactOf: (name: string) => Buffer;
}

/** Builds and packages, into a new folder. */
export const packageFunctions = (...params: readonly string[]): PackagedFunctions => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-package-'));
  const args = ['run', '-s', 'package', '--', '--package', folder, ...params.map((param) => `--param=${param}`)];
  execFileSync('npm', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  const templateFile = join(folder, 'cloudformation-template-update-stack.json');
  return {
    folder,
    templateFile,
    template: JSON.parse(readFileSync(templateFile, 'utf8')),
    artifactOf: (name) => readFileSync(join(folder, `${name}.zip`)),
  };
};
