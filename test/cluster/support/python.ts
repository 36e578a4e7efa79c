/** Programs of PyPI, each installed once into an environment of its own, and kept outside the checkout. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface PythonPackage {
  readonly name: string;
  readonly version: string;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const keptIn = ({ name, version }: PythonPackage, environment: NodeJS.ProcessEnv): string =>
  join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'scan-status', `${name}-${version}`);

/** Whether the program ended well; it is told about if not. */
const succeeds = (program: string, args: readonly string[]): boolean => {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) say(`${program} ${args.slice(0, 3).join(' ')} ended with ${error?.message ?? status}`);
  return status === 0;
};

/** Installs into a folder of its own and moves it, so that nobody ever starts half of it. */
const install = ({ name, version }: PythonPackage, folder: string): boolean => {
  say(`installing ${name} ${version} with Python; the first time takes about half a minute`);
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  const packages = ['-q', '--disable-pip-version-check', `${name}==${version}`];
  try {
    if (!succeeds('python3', ['-m', 'venv', fresh])) return false;
    if (!succeeds(join(fresh, 'bin', 'python'), ['-m', 'pip', 'install', ...packages])) return false;
    if (!existsSync(folder)) renameSync(fresh, folder);
    return true;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
};

/** The Python that has the package; `undefined`, and said aloud, where this machine cannot have it. */
export const pythonWith = (wanted: PythonPackage, environment = process.env): string | undefined => {
  const folder = keptIn(wanted, environment);
  if (existsSync(folder) || install(wanted, folder)) return join(folder, 'bin', 'python');
  say(`SKIPPED: what is tested with ${wanted.name}. It needs python3 with venv, and PyPI.`);
  return undefined;
};
