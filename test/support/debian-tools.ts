/** Programs of Debian's packages, unpacked once and kept outside the checkout: nothing is installed. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { alone } from '../cluster/support/tools.ts';

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

/** Unpacks into a folder of its own and moves it, so that nobody ever starts half of it. */
const unpack = (name: string, folder: string): void => {
  const fresh = mkdtempSync(`${folder}-`);
  try {
    if (!download(name, fresh)) return;
    const [archive] = globSync('*.deb', { cwd: fresh });
    if (archive !== undefined && succeeds('dpkg', ['-x', archive, 'unpacked'], fresh))
      renameSync(join(fresh, 'unpacked'), folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
};

/** One process at a time: apt-get refuses a second that renews its lists meanwhile. */
const unpackOnce = async (name: string, folder: string): Promise<void> => {
  mkdirSync(dirname(folder), { recursive: true });
  await alone(dirname(folder), async () => {
    if (!existsSync(folder)) unpack(name, folder);
  });
};

const isOnPath = (program: string): boolean => spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined;

/** The program, from the machine or from Debian; `undefined`, and said aloud, where this machine cannot have it. */
export const debianTool = async (
  program: keyof typeof PACKAGES,
  environment = process.env,
): Promise<string | undefined> => {
  if (isOnPath(program)) return program;
  const name = PACKAGES[program];
  const folder = keptIn(name, environment);
  if (!existsSync(folder)) await unpackOnce(name, folder);
  if (existsSync(folder)) return join(folder, 'usr/bin', program);
  say(`\nSKIPPED: what is tested with ${program}. It needs Debian's package ${name}, from apt-get download.\n`);
  return undefined;
};
