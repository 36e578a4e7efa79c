/** A real cluster on this machine: etcd, kube-apiserver, and the controllers that run Jobs. There is no kubelet. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import type { Tools } from './tools.ts';

/** How to reach a cluster as its administrator; plain data, so that it can be handed to another process. */
export interface Access {
  readonly url: string;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
  /** Files. */
  readonly kubeconfig: string;
  readonly kubectl: string;
}

export interface Cluster extends Access {
  readonly tools: Tools;
  /** The processes' logs are in this folder. */
  readonly folder: string;
  /** Kills the API server as a crash would. */
  readonly killApiServer: () => Promise<void>;
  /** Starts it again on the same port, and waits until it is ready. */
  readonly startApiServer: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const READY_WITHIN = 60_000;
const CONTROLLERS = [
  'job-controller',
  'serviceaccount-controller',
  'ttl-after-finished-controller',
  'garbage-collector-controller',
  'namespace-controller',
];

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** What this process has started ends with it. */
const started = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/** Starts a program whose output goes to a file, so that nobody has to read it. */
const start = (folder: string, [program = '', ...args]: readonly string[], name: string): ChildProcess => {
  const log = openSync(join(folder, `${name}.log`), 'a');
  const child = spawn(program, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  started.add(child);
  child.once('close', () => started.delete(child));
  return child;
};

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

const end = async (child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> => {
  if (child === undefined || !isRunning(child)) return;
  const closed = once(child, 'close');
  child.kill(signal);
  await closed;
};

/** Waits until the program answers; its end, or `READY_WITHIN` milliseconds, ends the wait with the end of its log. */
const answering = async (child: ChildProcess, log: string, look: () => Promise<boolean>): Promise<void> => {
  const until = performance.now() + READY_WITHIN;
  while (!(await look().catch(() => false))) {
    if (!isRunning(child) || performance.now() > until) {
      throw new Error(`${log} does not answer:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
    }
    await delay(50);
  }
};

const kubeconfigOf = (url: string, caFile: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: 'test', user: { token } }],
  });

const etcdArgs = (folder: string, client: number, peer: number): readonly string[] => [
  ...['listen-client-urls', 'advertise-client-urls'].map((flag) => `--${flag}=http://127.0.0.1:${client}`),
  ...['listen-peer-urls', 'initial-advertise-peer-urls'].map((flag) => `--${flag}=http://127.0.0.1:${peer}`),
  `--initial-cluster=default=http://127.0.0.1:${peer}`,
  '--unsafe-no-fsync',
  `--data-dir=${join(folder, 'etcd')}`,
];

const apiServerArgs = (folder: string, etcd: number, port: number): readonly string[] => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  `--secure-port=${port}`,
  '--bind-address=127.0.0.1',
  `--cert-dir=${join(folder, 'certificates')}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${join(folder, 'service-accounts.key')}`,
  `--service-account-signing-key-file=${join(folder, 'service-accounts.key')}`,
  `--token-auth-file=${join(folder, 'tokens.csv')}`,
  '--authorization-mode=RBAC',
  '--service-cluster-ip-range=10.0.0.0/24',
  '--disable-admission-plugins=ServiceAccount',
];

const controllerArgs = (folder: string): readonly string[] => [
  `--kubeconfig=${join(folder, 'controllers.kubeconfig')}`,
  '--leader-elect=false',
  // As in a real cluster each controller has its own account, which the admission policies name.
  '--use-service-account-credentials=true',
  `--service-account-private-key-file=${join(folder, 'service-accounts.key')}`,
  `--controllers=${CONTROLLERS.join(',')}`,
  '--secure-port=0',
];

const writeKeys = (folder: string, admin: string, controllers: string): void => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  writeFileSync(join(folder, 'service-accounts.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(
    join(folder, 'tokens.csv'),
    `${admin},admin,admin,"system:masters"\n${controllers},system:kube-controller-manager,controllers\n`,
  );
};

/** Starts etcd, the API server and, unless told otherwise, the controllers, each on a free port of 127.0.0.1. */
export const startCluster = async (
  tools: Tools,
  { controllers = true }: { readonly controllers?: boolean } = {},
): Promise<Cluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-cluster-'));
  mkdirSync(join(folder, 'certificates'));
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const url = `https://127.0.0.1:${port}`;
  const [token, controllersToken] = [randomUUID(), randomUUID()];
  writeKeys(folder, token, controllersToken);
  const caFile = join(folder, 'certificates', 'apiserver.crt');
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(url, caFile, token), { mode: 0o600 });
  writeFileSync(join(folder, 'controllers.kubeconfig'), kubeconfigOf(url, caFile, controllersToken), { mode: 0o600 });

  const etcd = start(folder, [tools.etcd, ...etcdArgs(folder, etcdPort, peerPort)], 'etcd');
  let apiServer: ChildProcess | undefined;
  let manager: ChildProcess | undefined;
  const startApiServer = async (): Promise<void> => {
    apiServer = start(folder, [tools['kube-apiserver'], ...apiServerArgs(folder, etcdPort, port)], 'kube-apiserver');
    await answering(apiServer, join(folder, 'kube-apiserver.log'), async () => {
      const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, 'utf8') } });
      try {
        return (await fetch(`${url}/readyz`, { dispatcher })).ok;
      } finally {
        await dispatcher.destroy();
      }
    });
  };
  const stop = async (): Promise<void> => {
    await end(manager, 'SIGTERM');
    await end(apiServer, 'SIGKILL');
    await end(etcd, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answering(
      etcd,
      join(folder, 'etcd.log'),
      async () => (await fetch(`http://127.0.0.1:${etcdPort}/health`)).ok,
    );
    await startApiServer();
    if (controllers) {
      const program = tools['kube-controller-manager'];
      manager = start(folder, [program, ...controllerArgs(folder)], 'kube-controller-manager');
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    token,
    ca: readFileSync(caFile, 'utf8'),
    kubeconfig,
    kubectl: tools.kubectl,
    tools,
    folder,
    killApiServer: () => end(apiServer, 'SIGKILL'),
    startApiServer,
    stop,
  };
};

export interface Told {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 where it went well. */
  readonly code: number;
}

/** Runs kubectl as the administrator, or with another token; `input` is its standard input. */
export const kubectl = (
  { kubectl: program, kubeconfig, url }: Access,
  args: readonly string[],
  { input, token }: { readonly input?: string; readonly token?: string } = {},
): Promise<Told> =>
  new Promise((resolve) => {
    const as = token === undefined ? [] : [`--server=${url}`, `--token=${token}`];
    const child = execFile(
      program,
      [`--kubeconfig=${kubeconfig}`, ...as, ...args],
      { maxBuffer: 64 * 1_048_576 },
      (error, stdout, stderr) => resolve({ stdout, stderr, code: error === null ? 0 : Number(error.code ?? 1) }),
    );
    child.stdin?.end(input);
  });

/** Runs kubectl and gives back what it printed. Throws what it complained about. */
export const kubectlText = async (
  access: Access,
  args: readonly string[],
  options: { readonly input?: string; readonly token?: string } = {},
): Promise<string> => {
  const { stdout, stderr, code } = await kubectl(access, args, options);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
};
