/** A real speaker of S3 on this machine: moto, a Python program, installed once and kept outside the checkout. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const VERSION = '5.2.5';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const keptIn = (environment: NodeJS.ProcessEnv): string =>
  join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'scan-status', `moto-${VERSION}`);

/** Whether the program ended well; it is told about if not. */
const succeeds = (program: string, args: readonly string[]): boolean => {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) say(`${program} ${args.slice(0, 3).join(' ')} ended with ${error?.message ?? status}`);
  return status === 0;
};

/** Installs into a folder of its own and moves it, so that nobody ever starts half of it. */
const install = (folder: string): boolean => {
  say(`installing moto ${VERSION} with Python; the first time takes about half a minute`);
  mkdirSync(dirname(folder), { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  const packages = ['-q', '--disable-pip-version-check', `moto[server,s3]==${VERSION}`];
  try {
    if (!succeeds('python3', ['-m', 'venv', fresh])) return false;
    if (!succeeds(join(fresh, 'bin', 'python'), ['-m', 'pip', 'install', ...packages])) return false;
    if (!existsSync(folder)) renameSync(fresh, folder);
    return true;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
};

/** The Python that has moto; `undefined`, and said aloud, where this machine cannot have it. */
const pythonWithMoto = (environment: NodeJS.ProcessEnv): string | undefined => {
  const folder = keptIn(environment);
  if (existsSync(folder) || install(folder)) return join(folder, 'bin', 'python');
  say('SKIPPED: what is tested against moto. It needs python3 with venv, and PyPI.');
  return undefined;
};

export interface Moto {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** The URL that the server says it listens on. */
export const urlOf = async (child: ChildProcess): Promise<string> => {
  if (child.stderr === null) throw new Error('moto has no output');
  let said = '';
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`moto ended:\n${said}`);
};

/** Starts moto on a free port of 127.0.0.1; `undefined`, and said aloud, where this machine cannot have it. */
export const startMoto = async (environment = process.env): Promise<Moto | undefined> => {
  const python = pythonWithMoto(environment);
  if (python === undefined) return undefined;
  const args = ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'];
  const child = spawn(python, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = once(child, 'close');
  const url = await urlOf(child);
  // Each request is a line there, which nobody reads.
  child.stderr.resume();
  return {
    url,
    stop: async () => {
      process.off('exit', kill);
      kill();
      await closed;
    },
  };
};
