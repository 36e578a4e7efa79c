/**
 * The threads in which policies are evaluated, each request within a deadline.
 *
 * A thread that did not end in time, or broke, is ended: nobody knows its state. So is one that holds much memory: what it
 * took is given back at once, and not when V8 sees fit.
 */
import { once } from 'node:events';
import { getCompileCacheDir } from 'node:module';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ReportFormat } from '../events/report-ready.ts';
import type { Evaluated, Evaluating, Probing } from './evaluation.ts';

/** What a thread answers. */
export type Answer =
  | { readonly evaluated: Evaluated }
  | { readonly silent: readonly ReportFormat[] }
  /** The policy cannot be asked, or its thread was ended. */
  | { readonly failure: string }
  /** Our own. */
  | { readonly mistake: unknown };

/** An answer, and how its thread is. */
export interface Answered {
  readonly answer: Answer;
  /** Whether it must be ended. */
  readonly isBroken?: boolean;
  /** Whether it holds much memory. */
  readonly isLarge?: boolean;
}

export interface ThreadSettings {
  /** Milliseconds for one request. */
  readonly deadline: number;
  /** Bytes of heap for a thread, the memory of the policy not included. */
  readonly heap: number;
}

export interface Threads {
  /** Starts a thread if none is idle. `ended` comes with the answer, or when the thread that gave none is gone. */
  readonly run: (request: Evaluating | Probing) => { readonly answer: Promise<Answer>; readonly ended: Promise<void> };
  /** Ends the idle ones, and each other one when it has answered. */
  readonly close: () => Promise<void>;
}

const MEBIBYTE = 2 ** 20;
/** Objects of a moment ago: with a quarter as much, half of the time that a report takes goes into collecting garbage. */
const YOUNG_MEBIBYTES = 48;

/** Milliseconds that a thread which holds much memory waits for its next request. */
const LARGE_RESTS = 10_000;

/** Beside this file, and of its kind: in a bundle both are JavaScript. */
const THREAD = new URL(`./evaluation-thread${extname(import.meta.url)}`, import.meta.url);

/** Rejects where the thread cannot be started. Its start takes none of a request's time. */
const startThread = async (heap: number): Promise<Worker> => {
  const cache = getCompileCacheDir();
  const thread = new Worker(THREAD, {
    // What a policy prints is nobody's to read, and our own output is not its.
    stdout: true,
    stderr: true,
    env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heap / MEBIBYTE), maxYoungGenerationSizeMb: YOUNG_MEBIBYTES },
  });
  await once(thread, 'message');
  // Later errors are told to who asked; one of a thread that is being ended must not end the process.
  thread.on('error', () => undefined);
  return thread;
};

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

/** What a thread answers; a thread that ends instead, or does not answer in time, is an answer, too. */
const answerOf = (thread: Worker, request: Evaluating | Probing, deadline: number): Promise<Answered> =>
  new Promise((resolve) => {
    const settle = (answered: Answered): void => {
      clearTimeout(timer);
      clearImmediate(soon);
      thread.off('message', settle).off('error', broke).off('messageerror', broke).off('exit', ended);
      thread.unref();
      resolve(answered);
    };
    const failed = (failure: string): void => settle({ answer: { failure }, isBroken: true });
    const broke = (error: unknown): void =>
      isOutOfMemory(error)
        ? failed('the evaluation needs more memory than it may have')
        : settle({ answer: { mistake: error }, isBroken: true });
    const ended = (code: number): void => broke(new Error(`the thread ended with code ${code}`));
    let soon: NodeJS.Immediate | undefined;
    // An answer that came in time and was not heard yet, since we were busy, still counts.
    const late = (): void => {
      soon = setImmediate(() => failed(`the evaluation did not end within ${deadline / 1_000} seconds`));
    };
    const timer = setTimeout(late, deadline);
    thread.on('message', settle).on('error', broke).on('messageerror', broke).on('exit', ended);
    // Only while it works does a thread keep the process from ending.
    thread.ref();
    thread.postMessage(request, 'report' in request ? [request.report.buffer as ArrayBuffer] : []);
  });

/** Starts no thread yet: the first request does. */
export const evaluationThreads = ({ deadline, heap }: ThreadSettings): Threads => {
  const idle = new Set<Worker>();
  const working = new Set<Promise<void>>();
  let isClosed = false;

  const leaving = new WeakMap<Worker, NodeJS.Timeout>();

  const anyThread = async (): Promise<Worker> => {
    const [thread] = idle;
    if (thread !== undefined) {
      idle.delete(thread);
      clearTimeout(leaving.get(thread));
      return thread;
    }
    const started = await startThread(heap);
    started.once('exit', () => idle.delete(started));
    return started;
  };

  /** What a large report took of memory is given back unless the next one comes soon: a new thread is slow at first. */
  const rest = (thread: Worker, isLarge: boolean): void => {
    idle.add(thread);
    if (!isLarge) return;
    const end = (): void => {
      if (idle.delete(thread)) void thread.terminate();
    };
    leaving.set(thread, setTimeout(end, LARGE_RESTS).unref());
  };

  const work = async (request: Evaluating | Probing, answered: (answer: Answer) => void): Promise<void> => {
    try {
      const thread = await anyThread();
      const { answer, isBroken, isLarge } = await answerOf(thread, request, deadline);
      answered(answer);
      if (isBroken || isClosed) await thread.terminate();
      else rest(thread, isLarge ?? false);
    } catch (mistake) {
      answered({ mistake });
    }
  };

  return {
    run: (request) => {
      const { promise: answer, resolve } = Promise.withResolvers<Answer>();
      const ended = work(request, resolve);
      working.add(ended);
      void ended.then(() => working.delete(ended));
      return { answer, ended };
    },
    close: async () => {
      isClosed = true;
      await Promise.all([...idle].map((thread) => thread.terminate()));
      await Promise.all(working);
    },
  };
};
