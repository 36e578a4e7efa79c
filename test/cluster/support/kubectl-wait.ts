/** `kubectl wait`, as pipelines use it, and whether it still waits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach } from '@jest/globals';
import type { Access } from './cluster.ts';

export interface Waiting {
  readonly isWaiting: () => boolean;
  /** Its exit code and what it printed. */
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string }>;
}

/** Call it where tests are described: what it gives resolves once `kubectl wait` watches, and ends with its test. */
export const kubectlWaits = (): ((access: Access, ...args: readonly string[]) => Promise<Waiting>) => {
  const running: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((end) => end()));
  });
  return async ({ kubectl, kubeconfig }, ...args) => {
    // Told to be talkative it says when it has begun to watch.
    const child = spawn(kubectl, [`--kubeconfig=${kubeconfig}`, '-v=6', 'wait', '--timeout=120s', ...args]);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      stdout += piece;
    });
    const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout }));
    const watches = new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (piece: string) => {
        stderr += piece;
        if (/watch=true/.test(stderr)) resolve();
      });
      child.once('close', () => reject(new Error(`kubectl wait ended: ${stdout}${stderr}`)));
    });
    running.push(() => {
      child.kill('SIGKILL');
      return ended;
    });
    await watches;
    return { isWaiting: () => child.exitCode === null && child.signalCode === null, ended };
  };
};
