/** A packaged function in a process of its own, with nothing around it but what Lambda gives. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './examples.ts';
import type { Invoke } from './lambda-poller.ts';
import { unzipped } from './serverless-zip.ts';

const RUNNER = new URL('./serverless-runner.ts', import.meta.url).pathname;

export interface FunctionProcess {
  readonly invoke: Invoke;
  /** What it has written: its log, as CloudWatch would have it. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

export interface Deployed {
  /** The artifact, a zip archive. */
  readonly artifact: Buffer;
  /** `folder/file.name`, as the template has it. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
}

const fileOf = (handler: string): string => handler.replace(/\.\w+$/, '.mjs');

/** What Lambda's runtime brings along beside Node. */
const SDK = 'node_modules/@aws-sdk';

/** Unpacks the artifact into a folder, where nothing else is, and loads its handler. */
export const startFunction = async (
  folder: string,
  { artifact, handler, environment }: Deployed,
): Promise<FunctionProcess> => {
  for (const [path, content] of unzipped(artifact)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  mkdirSync(join(folder, dirname(SDK)), { recursive: true });
  symlinkSync(join(ROOT, SDK), join(folder, SDK));
  const child = fork(RUNNER, [join(folder, fileOf(handler))], {
    cwd: folder,
    env: { ...environment, LAMBDA_TASK_ROOT: folder, TZ: ':UTC' },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = once(child, 'close');
  const said: string[] = [];
  for (const output of [child.stdout, child.stderr]) output?.setEncoding('utf8').on('data', (text) => said.push(text));
  const log = (): string => said.join('');
  const ended = async (): Promise<never> => {
    await closed;
    throw new Error(`the function ended:\n${log()}`);
  };
  const next = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), ended()]))[0];
  await next();
  return {
    invoke: async (event) => {
      const answered = next();
      child.send(event);
      return (await answered) as Awaited<ReturnType<Invoke>>;
    },
    log,
    stop: async () => {
      process.off('exit', kill);
      kill();
      await closed;
    },
  };
};
