/** Programs of Debian's packages, unpacked once and kept outside the checkout: nothing is installed. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Programs, and for each the package that has it. */
const PACKAGES = {
  promtool: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  'lua5.1': 'lua5.1',
} as const;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const keptIn = (name: string, environment: NodeJS.ProcessEnv): string =>
  join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'scan-status', `debian-${name}`);

/** Whether the program ended well; what it complained of is told if not. */
const succeeds = (program: string, args: readonly string[], cwd: string): boolean => {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) say(`${program} ${args.join(' ')} failed: ${error?.message ?? stderr.trim()}`);
  return status === 0;
};

/** Lists of packages may be old, or there may be none yet. */
const download = (name: string, folder: string): boolean =>
  succeeds('apt-get', ['download', name], folder) ||
  (succeeds('apt-get', ['update'], folder) && succeeds('apt-get', ['download', name], folder));

/** Moves what is fresh to where it is kept, unless somebody else was faster. */
const keep = (fresh: string, folder: string): void => {
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
};

/** Unpacks into a folder of its own and moves it, so that nobody ever starts half of it. */
const unpack = (name: string, folder: string): boolean => {
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  try {
    if (!download(name, fresh)) return false;
    const [archive] = globSync('*.deb', { cwd: fresh });
    if (archive === undefined || !succeeds('dpkg', ['-x', archive, 'unpacked'], fresh)) return false;
    keep(join(fresh, 'unpacked'), folder);
    return true;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
};

const isOnPath = (program: string): boolean => spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined;

/** The program, from the machine or from Debian; `undefined`, and said aloud, where this machine cannot have it. */
export const debianTool = (program: keyof typeof PACKAGES, environment = process.env): string | undefined => {
  if (isOnPath(program)) return program;
  const name = PACKAGES[program];
  const folder = keptIn(name, environment);
  if (existsSync(folder) || unpack(name, folder)) return join(folder, 'usr/bin', program);
  say(`\nSKIPPED: what is tested with ${program}. It needs Debian's package ${name}, from apt-get download.\n`);
  return undefined;
};
