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

/** Programs that are kept together, and for each the module under `test/cluster/servers` that builds it. */
interface Kit<Tool extends string> {
  readonly name: string;
  readonly takes: string;
  readonly moduleOf: Readonly<Record<Tool, string>>;
}

type ClusterTool = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubectl';
export type Tools = Readonly<Record<ClusterTool, string>>;

const CLUSTER: Kit<ClusterTool> = {
  name: 'cluster',
  takes: 'a quarter of an hour',
  moduleOf: {
    etcd: 'etcd',
    'kube-apiserver': 'kubernetes',
    'kube-controller-manager': 'kubernetes',
    kubectl: 'kubernetes',
  },
};
const OPA: Kit<'opa'> = { name: 'opa', takes: 'a minute', moduleOf: { opa: 'opa' } };

const toolsOf = <Tool extends string>({ moduleOf }: Kit<Tool>): readonly Tool[] => Object.keys(moduleOf) as Tool[];

const modulesOf = ({ moduleOf }: Kit<string>): ReadonlySet<string> => new Set(Object.values(moduleOf));

const sumsOf = (module: string): string =>
  ['go.mod', 'go.sum'].map((file) => readFileSync(join(MODULES, module, file), 'utf8')).join('');

/** Where a kit is kept: another folder for each version of its sources, so that one kit's news rebuilds no other. */
const keptIn = (kit: Kit<string>, environment: NodeJS.ProcessEnv): string => {
  const digest = createHash('sha256');
  for (const module of modulesOf(kit)) digest.update(sumsOf(module));
  const cache = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'scan-status', `${kit.name}-${digest.update(LDFLAGS).digest('hex').slice(0, 16)}`);
};

const run = async (program: string, args: readonly string[], cwd: string): Promise<void> => {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args[0]} in ${cwd} ended with ${code}`);
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Builds into a folder of its own and moves the programs in, so that nobody ever starts half of one. */
const build = async (module: string, tools: readonly string[], folder: string, takes: string): Promise<void> => {
  say(`building ${tools.join(', ')} with Go; the first time takes about ${takes}`);
  const fresh = mkdtempSync(join(folder, 'build-'));
  const out = tools.length === 1 ? join(fresh, String(tools[0])) : fresh;
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

/** Lets one process at a time build in a folder: two at once would each take twice as long. */
export const alone = async (folder: string, work: () => Promise<void>): Promise<void> => {
  const lock = join(folder, 'building');
  while (!takesLock(lock)) await delay(1_000);
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
};

/** Finds a kit's programs in the folder that is looked into first, if any, else builds what is missing. */
const findOrBuild = async <Tool extends string>(
  kit: Kit<Tool>,
  first: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Readonly<Record<Tool, string>>> => {
  const folder = keptIn(kit, environment);
  mkdirSync(folder, { recursive: true });
  const folders = [first || folder, folder];
  const found = (tool: string): string | undefined =>
    folders.map((path) => join(path, tool)).find((path) => existsSync(path));
  const missing = (): readonly Tool[] => toolsOf(kit).filter((tool) => found(tool) === undefined);
  if (missing().length > 0) {
    await alone(folder, async () => {
      for (const module of new Set(missing().map((tool) => kit.moduleOf[tool]))) {
        const tools = toolsOf(kit).filter((tool) => kit.moduleOf[tool] === module);
        await build(module, tools, folder, kit.takes);
      }
    });
  }
  return Object.fromEntries(toolsOf(kit).map((tool) => [tool, found(tool)])) as Record<Tool, string>;
};

/** The programs of a cluster: those in `KUBEBUILDER_ASSETS`, as controllers' test suites have it, else built. */
export const clusterTools = async (environment = process.env): Promise<Tools> =>
  findOrBuild(CLUSTER, environment.KUBEBUILDER_ASSETS, environment);

/** The policy compiler: what `OPA_BIN` names, else built. */
export const opaTool = async (environment = process.env): Promise<string> =>
  environment.OPA_BIN || (await findOrBuild(OPA, undefined, environment)).opa;
