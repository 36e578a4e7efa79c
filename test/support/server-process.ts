/** The whole of Scan Status in a process of its own, as people start it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';

type Environment = Readonly<Record<string, string>>;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly url: string;
  /** The lines of its log so far. */
  readonly lines: readonly JsonObject[];
  /** What it has said to people so far. */
  readonly stderr: () => string;
  /** Settles once `look` finds something in what the process has written; rejects where it ends before. */
  readonly until: <T>(look: () => T | undefined) => Promise<T>;
  /** Stops reading its log, and takes it up again. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

/** Compiled code, kept from one process to the next. */
const NODE_COMPILE_CACHE = new URL('../../node_modules/.cache/compile', import.meta.url).pathname;
const START = new URL('../../cli/start.ts', import.meta.url).pathname;

const spawnServer = (environment: Environment, file = START): ChildProcess =>
  spawn(process.execPath, [file], {
    env: { NODE_COMPILE_CACHE, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const endOf = async (child: ChildProcess): Promise<Ended> => {
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode };
};

/** What a process has written, and a way to wait for it. */
const outputOf = (child: ChildProcess) => {
  const lines: JsonObject[] = [];
  const said: string[] = [];
  const stderr = (): string => said.join('');
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const one of waiting) one();
  };
  if (child.stdout === null || child.stderr === null) throw new Error('the process has no output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line));
    look();
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    said.push(piece);
    look();
  });
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const attempt = (): void => {
        const found = find();
        if (found !== undefined) resolve(found);
      };
      waiting.add(attempt);
      attempt();
      child.once('close', () => reject(new Error(`the server ended: ${stderr()}`)));
    });
  return { lines, stderr, until };
};

/** Runs a start that fails, to its end. */
export const failedStart = async (environment: Environment) => {
  const child = spawnServer(environment);
  const { lines, stderr } = outputOf(child);
  return { ...(await endOf(child)), lines, stderr: stderr() };
};

const start = async (child: ChildProcess): Promise<ServerProcess> => {
  const ended = endOf(child);
  const { lines, stderr, until } = outputOf(child);
  const url = await until(() => lines.find(({ msg }) => msg === 'listening')?.url);
  return {
    url: String(url),
    lines,
    stderr,
    until,
    pause: () => void child.stdout?.pause(),
    resume: () => void child.stdout?.resume(),
    kill: (signal) => void child.kill(signal),
    ended,
  };
};

/** Call it where tests are described: what it gives starts a process, all functions or a bundle, until its test ends. */
export const serverProcesses = (): ((environment: Environment, file?: string) => Promise<ServerProcess>) => {
  const children: ChildProcess[] = [];
  afterEach(async () => {
    const running = children.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(
      running.map((child) => {
        const closed = once(child, 'close');
        child.kill('SIGKILL');
        return closed;
      }),
    );
  });
  return (environment, file) => {
    const child = spawnServer(environment, file);
    children.push(child);
    return start(child);
  };
};
