/** The commands as people call them: each in a process of its own, with nothing of our environment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

type Command = 'replay' | 'describe' | 'evaluate' | 'policy' | 'alert';

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on standard input; absent, nothing does. */
  readonly input?: string;
  /** The folder it is called in. */
  readonly folder?: string;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Compiled code, kept from one process to the next, as the script `replay` keeps it. */
const NODE_COMPILE_CACHE = new URL('../../node_modules/.cache/compile', import.meta.url).pathname;

/** Where a command stands. */
export const scriptOf = (command: Command): string => new URL(`../../cli/${command}.ts`, import.meta.url).pathname;

/** Starts a command whose output is read by the caller. */
export const startCommand = (
  command: Command,
  args: readonly string[],
  { env = {}, input, folder }: Surroundings = {},
): ChildProcess => {
  const child = spawn(process.execPath, [scriptOf(command), ...args], {
    env: { NODE_COMPILE_CACHE, ...env },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(folder !== undefined && { cwd: folder }),
  });
  child.stdin?.end(input);
  return child;
};

const readAll = async (stream: ChildProcess['stdout']): Promise<string> => (stream === null ? '' : text(stream));

/** Runs a command to its end. */
export const runCommand = async (
  command: Command,
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Ended> => {
  const child = startCommand(command, args, surroundings);
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([readAll(child.stdout), readAll(child.stderr), ended]);
  return { status: child.exitCode, stdout, stderr };
};
