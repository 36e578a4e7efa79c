/** How long a bundle takes from nothing until it can answer, above what Node alone takes; both in the same minutes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Bundle } from './bundle.ts';

/** The ways to a cluster, neither of which needs a kubeconfig. */
const PATHS = {
  'in-cluster': {},
  EKS: {
    EKS_CLUSTER_NAME: 'cold',
    EKS_ENDPOINT: 'https://127.0.0.1:9',
    // Nobody is asked before the first event, so nobody looks further into it.
    EKS_CA: Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64'),
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'none',
  },
} as const;

export interface ColdStart {
  readonly bundle: Bundle;
  readonly path: keyof typeof PATHS;
  /** Milliseconds above bare Node: the least, and the one in the middle. */
  readonly least: number;
  readonly median: number;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
};

/** Says when what is in front of it has been done. */
const READY = 'process.stdout.write("ready")';

const readyAt = async (child: ChildProcess): Promise<number> => {
  const failed = once(child, 'close').then(() => {
    throw new Error('the bundle ended before it was ready');
  });
  if (child.stdout === null) throw new Error('the process has no output');
  await Promise.race([once(child.stdout, 'data'), failed]);
  const now = performance.now();
  child.kill('SIGKILL');
  await failed.catch(() => undefined);
  return now;
};

/** A server says that it listens in a log that is written a little later: so it is listened for where Node says it. */
const WHEN_LISTENING = `data:text/javascript,${encodeURIComponent(
  `const { Server } = process.getBuiltinModule('node:net');
   const { emit } = Server.prototype;
   Server.prototype.emit = function (name, ...rest) {
     if (name === 'listening') ${READY};
     return emit.call(this, name, ...rest);
   };`,
)}`;

const timed = async (args: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> => {
  const PORT = String(await freePort());
  const start = performance.now();
  const child = spawn(process.execPath, [...args], {
    env: { PORT, LOG_LEVEL: 'silent', SCAN_STORE: 'kubernetes', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await readyAt(child)) - start;
};

const moduleText = (text: string): readonly string[] => ['--input-type=module', '--eval', text];

/** Node without a bundle: with the ears that are not the bundle's, either. */
const bareOf = ({ runtime }: Bundle): readonly string[] =>
  runtime === 'lambda' ? moduleText(READY) : ['--import', WHEN_LISTENING, ...moduleText(READY)];

const startOf = ({ entry, runtime }: Bundle): readonly string[] =>
  runtime === 'lambda'
    ? moduleText(`await import(${JSON.stringify(entry)}); ${READY}`)
    : ['--import', WHEN_LISTENING, entry];

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

interface Case {
  readonly one: Bundle;
  readonly path: ColdStart['path'];
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly times: number[];
  readonly bare: number[];
}

const casesOf = (bundles: readonly Bundle[]): readonly Case[] => {
  const bare = { lambda: [], knative: [] };
  return bundles.flatMap((one) =>
    Object.entries(PATHS).map(([path, environment]) => ({
      one,
      path: path as ColdStart['path'],
      environment,
      times: [],
      bare: bare[one.runtime],
    })),
  );
};

/** How often each is started; and, where it takes too long, at the most: the machine may be busy with something else. */
const ROUNDS = { all: 10, most: 40 } as const;

/** Starts each bundle several times, taking turns with bare Node. @param budget milliseconds */
export const coldStarts = async (bundles: readonly Bundle[], budget: number): Promise<readonly ColdStart[]> => {
  const cases = casesOf(bundles);
  const leastOf = ({ times, bare }: Case): number => Math.min(...times) - Math.min(...bare);
  for (let round = 0; round < ROUNDS.most; round += 1) {
    const wanted = round < ROUNDS.all ? cases : cases.filter((one) => leastOf(one) > budget);
    for (const { one, environment, times, bare } of wanted) {
      bare.push(await timed(bareOf(one), {}));
      times.push(await timed(startOf(one), environment));
    }
  }
  return cases.map((one) => ({
    bundle: one.one,
    path: one.path,
    least: leastOf(one),
    median: median(one.times) - median(one.bare),
  }));
};
