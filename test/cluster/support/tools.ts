/** The programs of a real cluster: those that the machine has, or built from source once and kept outside the checkout. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const MODULES = new URL('../servers/', import.meta.url).pathname;
/** Without its version a client would misjudge the server. It is that of `k8s.io/kubernetes` in the module. */
const VERSION = 'v1.37.2';
const LDFLAGS = [
  '-s -w',
  `-X k8s.io/component-base/version.gitVersion=${VERSION}`,
  '-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37',
].join(' ');

/** Each program and the module under `test/cluster/servers` that builds it. */
const MODULE_OF = {
  etcd: 'etcd',
  'kube-apiserver': 'kubernetes',
  'kube-controller-manager': 'kubernetes',
  kubectl: 'kubernetes',
} as const;

type Tool = keyof typeof MODULE_OF;
export type Tools = Readonly<Record<Tool, string>>;

const TOOLS = Object.keys(MODULE_OF) as readonly Tool[];

const sumsOf = (module: string): string =>
  ['go.mod', 'go.sum'].map((file) => readFileSync(join(MODULES, module, file), 'utf8')).join('');

/** Where programs are kept: another folder for each version of their sources. */
const keptIn = (environment: NodeJS.ProcessEnv): string => {
  const digest = createHash('sha256').update(sumsOf('etcd')).update(sumsOf('kubernetes')).update(LDFLAGS).digest('hex');
  const cache = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'scan-status', `cluster-${digest.slice(0, 16)}`);
};

const run = async (program: string, args: readonly string[], cwd: string): Promise<void> => {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args[0]} in ${cwd} ended with ${code}`);
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Builds into a folder of its own and moves the programs in, so that nobody ever starts half of one. */
const build = async (module: string, tools: readonly Tool[], folder: string): Promise<void> => {
  say(`building ${tools.join(', ')} with Go; the first time takes about a quarter of an hour`);
  const fresh = mkdtempSync(join(folder, 'build-'));
  const out = tools.length === 1 ? join(fresh, tools[0] as Tool) : fresh;
  await run('go', ['build', '-ldflags', LDFLAGS, '-o', out, 'tool'], join(MODULES, module));
  for (const tool of tools) renameSync(join(fresh, tool), join(folder, tool));
  rmSync(fresh, { recursive: true });
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Takes the lock unless a living process holds it. */
const takesLock = (lock: string): boolean => {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (existsSync(lock) && !isAlive(Number(readFileSync(lock, 'utf8')))) rmSync(lock, { force: true });
    return false;
  }
};

/** Lets one process at a time build: two at once would each take twice as long. */
const alone = async (folder: string, work: () => Promise<void>): Promise<void> => {
  const lock = join(folder, 'building');
  while (!takesLock(lock)) await delay(1_000);
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
};

/** Finds the programs in `KUBEBUILDER_ASSETS`, as controllers' test suites do, else builds what is missing. */
export const clusterTools = async (environment = process.env): Promise<Tools> => {
  const folder = keptIn(environment);
  mkdirSync(folder, { recursive: true });
  const folders = [environment.KUBEBUILDER_ASSETS || folder, folder];
  const found = (tool: Tool): string | undefined =>
    folders.map((path) => join(path, tool)).find((path) => existsSync(path));
  const missing = (): readonly Tool[] => TOOLS.filter((tool) => found(tool) === undefined);
  if (missing().length > 0) {
    await alone(folder, async () => {
      for (const module of new Set(missing().map((tool) => MODULE_OF[tool]))) {
        const tools = TOOLS.filter((tool) => MODULE_OF[tool] === module);
        await build(module, tools, folder);
      }
    });
  }
  return Object.fromEntries(TOOLS.map((tool) => [tool, found(tool)])) as Tools;
};
