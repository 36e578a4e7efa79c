/** The thread in which policies are evaluated: it answers one request after the other, and may be ended at any time. */
import { getHeapStatistics } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { evaluate, silentFormats } from './evaluate.ts';
import type { Evaluating, Probing } from './evaluation.ts';
import type { Answer, Answered } from './evaluation-threads.ts';
import { PolicyFailure } from './policy-failure.ts';

const probe = (probing: Probing): Answer => {
  try {
    return { silent: silentFormats(probing) };
  } catch (error) {
    if (error instanceof PolicyFailure) return { failure: error.message };
    throw error;
  }
};

const answer = (request: Evaluating | Probing): Answer => {
  try {
    return 'report' in request ? { evaluated: evaluate(request) } : probe(request);
  } catch (mistake) {
    return { mistake };
  }
};

/** Bytes, of which the memory of policies is most. */
const LARGE = 256 * 2 ** 20;

const isLarge = (): boolean => {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external > LARGE;
};

parentPort?.on('message', (request: Evaluating | Probing) => {
  const answered: Answered = { answer: answer(request), isLarge: isLarge() };
  parentPort?.postMessage(answered);
});
parentPort?.postMessage('ready');
