/** Calls bundled handlers in a process of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll } from '@jest/globals';
import type { Call, Called } from './lambda-host.ts';

const HOST = new URL('lambda-host.ts', import.meta.url).pathname;

/** Call it where tests are described: what it gives resolves to what a handler answered, and rejects with what it threw. */
export const lambdaHost = (): ((call: Omit<Call, 'id'>) => Promise<unknown>) => {
  let child: ChildProcess;
  let calls = 0;
  const waiting = new Map<number, (called: Called) => void>();
  beforeAll(() => {
    child = spawn(process.execPath, [HOST], { env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (called: Called) => {
      waiting.get(called.id)?.(called);
      waiting.delete(called.id);
    });
  });
  afterAll(async () => {
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  });
  return async (call) => {
    const id = calls;
    calls += 1;
    const { answer, error } = await new Promise<Called>((resolve) => {
      waiting.set(id, resolve);
      child.send({ id, ...call });
    });
    if (error !== undefined) throw new Error(error);
    return answer;
  };
};
