/**
 * Evaluates policies in threads of their own, each within a deadline and a bound of memory.
 *
 * A policy is other people's program: one that never ends, or takes all memory, costs its thread and its own verdict, and
 * nothing else.
 */
import { availableParallelism } from 'node:os';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import type { ReportFormat } from '../events/report-ready.ts';
import { Mistake, Unavailable } from '../scans/unavailable.ts';
import { type Evaluating, type Evaluation, evaluationError, type Probing } from './evaluation.ts';
import { type Answer, evaluationThreads } from './evaluation-threads.ts';

export interface EvaluatorSettings {
  /** Milliseconds for one evaluation, the reading of its report included. */
  readonly deadline: number;
  /** Bytes of memory that a policy may take, its input included: about 20 for each byte of a report. */
  readonly memory: number;
  /** Bytes of a report. */
  readonly largestReport: number;
  readonly trustsPodVerdicts: boolean;
  readonly canaryIsStrict: boolean;
}

const MEBIBYTE = 2 ** 20;

export const EVALUATOR_DEFAULTS: EvaluatorSettings = {
  deadline: 10_000,
  memory: 384 * MEBIBYTE,
  largestReport: 64 * MEBIBYTE,
  trustsPodVerdicts: false,
  canaryIsStrict: false,
};

/**
 * Bytes of heap for the thread of a policy that may take so much memory: for the report as we read it, for what built-ins
 * make, and for answers. A policy that may take more is meant for larger reports.
 */
const heapFor = (memory: number): number => Math.max(512 * MEBIBYTE, memory);

type Request = Pick<Evaluating, 'policy' | 'report' | 'format' | 'evaluatedAt' | 'scan'> & {
  readonly canaryIsStrict?: boolean;
};

export interface Evaluator {
  /**
   * Evaluates, when a thread is free. The report is taken over: its bytes are empty afterwards. Throws `Unavailable` where
   * too many wait, or by our own mistake.
   */
  readonly evaluate: (request: Request) => Promise<Evaluation>;
  /** The formats in which a policy denies nothing that is planted there; a text where it cannot be asked. */
  readonly silentFormats: (request: Pick<Probing, 'policy'>) => Promise<readonly ReportFormat[] | string>;
  /** Ends when what is in flight has. */
  readonly close: () => Promise<void>;
}

/** Evaluations that wait for a thread, and the bytes of their reports together. */
const MOST_WAITING = 64;
const MOST_WAITING_BYTES = 256 * MEBIBYTE;
const CANARIES = 1_000;

/** Bytes of a report in a buffer of their own, which can be handed over to a thread. */
const owned = (report: Uint8Array): Uint8Array =>
  report.byteLength === report.buffer.byteLength ? report : Uint8Array.from(report);

const tooLarge = (size: number, largest: number): string =>
  `the report has ${size} bytes; the most that is read are ${largest} (${Math.floor(largest / MEBIBYTE)} MiB)`;

const sizeOf = (request: Evaluating | Probing): number => ('report' in request ? request.report.byteLength : 0);

/** Asks a thread, when one is free. Throws `Unavailable`. */
const threadQueue = (deadline: number, heap: number) => {
  const threads = evaluationThreads({ deadline, heap });
  const limit = pLimit(availableParallelism());
  let waitingBytes = 0;
  const ask = async (request: Evaluating | Probing): Promise<Answer> => {
    const size = sizeOf(request);
    if (limit.pendingCount >= MOST_WAITING || waitingBytes + size > MOST_WAITING_BYTES)
      throw new Unavailable('too many reports wait to be evaluated');
    waitingBytes += size;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    void limit(() => {
      waitingBytes -= size;
      const { answer, ended } = threads.run(request);
      resolve(answer);
      // Its place is not free before: a thread that is being ended still has its memory.
      return ended;
    });
    return promise;
  };
  return { ask, close: threads.close };
};

const wrong = (answer: Answer): Mistake =>
  new Mistake('the evaluation', 'mistake' in answer ? answer.mistake : new Error('it answered another question'));

/** Starts no thread yet: the first evaluation does. */
export const startEvaluator = (settings: EvaluatorSettings = EVALUATOR_DEFAULTS): Evaluator => {
  const canaries = new LRUCache<string, Evaluating['canaries']>({ max: CANARIES });
  const { memory, trustsPodVerdicts, largestReport } = settings;
  const heap = heapFor(memory);
  const { ask, close } = threadQueue(settings.deadline, heap);
  return {
    evaluate: async (request) => {
      const { byteLength } = request.report;
      if (byteLength > largestReport) return evaluationError(tooLarge(byteLength, largestReport));
      const { digest } = request.policy;
      const { canaryIsStrict = settings.canaryIsStrict } = request;
      const known = canaries.get(digest) ?? {};
      const report = owned(request.report);
      const answer = await ask({
        ...request,
        report,
        canaryIsStrict,
        canaries: known,
        memory,
        heap,
        trustsPodVerdicts,
      });
      if ('failure' in answer) return { ...evaluationError(answer.failure), isProvisional: true };
      if (!('evaluated' in answer)) throw wrong(answer);
      const { evaluation, learnt } = answer.evaluated;
      if (learnt !== undefined) canaries.set(digest, { ...canaries.get(digest), [learnt.format]: learnt.canary });
      return evaluation;
    },
    silentFormats: async ({ policy }) => {
      const answer = await ask({ policy, memory, heap });
      if ('failure' in answer) return answer.failure;
      if (!('silent' in answer)) throw wrong(answer);
      return answer.silent;
    },
    close,
  };
};
