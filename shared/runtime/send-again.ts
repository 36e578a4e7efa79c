/**
 * Sends entries in batches until each was accepted, or there is no use, no try or no time left.
 *
 * Only what failed is sent again, after a wait with full jitter. What a service may have taken without our hearing of it is
 * sent again, too: an event sent twice has the same `id`, and changes nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { within } from '../remote/within.ts';
import type { Unavailable } from '../scans/unavailable.ts';
import { type Failure, requestFailure } from './aws-failures.ts';
import { type BatchBounds, inBatches } from './output-batches.ts';

export interface Service<T> {
  /** What people call it. */
  readonly name: string;
  readonly bounds: BatchBounds;
  readonly sizeOf: (entry: T) => number;
  /** Sends a batch, and says of each entry, in their order, why it was not accepted. Rejects where nothing was. */
  readonly request: (batch: readonly T[], signal: AbortSignal) => Promise<readonly (Failure | undefined)[]>;
}

export interface Pace {
  /** How often an entry is sent. */
  readonly tries: number;
  /** The longest wait after the first try, in milliseconds; it doubles with each. */
  readonly firstWait: number;
  /** Milliseconds that one request may take, finding credentials included. */
  readonly request: number;
  /** Milliseconds for everything: what called the function waits for it, and its own time is short. */
  readonly deadline: number;
}

export const PACE: Pace = { tries: 5, firstWait: 100, request: 5_000, deadline: 10_000 };

/** How many requests are under way at once. */
const AT_ONCE = 4;

interface Sent<T> {
  readonly entry: T;
  failure?: Failure | undefined;
  /** Whether it has a request of its own. */
  alone: boolean;
}

const sendBatch = async <T>(batch: readonly Sent<T>[], service: Service<T>, milliseconds: number): Promise<void> => {
  const entries = batch.map(({ entry }) => entry);
  let failures: readonly (Failure | undefined)[];
  try {
    const late = `${service.name} gave no answer in time`;
    failures = await within(milliseconds, late, (signal) => service.request(entries, signal));
  } catch (error) {
    const failure = requestFailure(service.name, error);
    failures = entries.map(() => failure);
  }
  for (const [at, one] of batch.entries()) one.failure = failures[at];
};

const batchesOf = <T>(pending: readonly Sent<T>[], { bounds, sizeOf }: Service<T>): readonly (readonly Sent<T>[])[] => {
  const together = pending.filter(({ alone }) => !alone);
  const apart = pending.filter(({ alone }) => alone).map((one) => [one]);
  return [...inBatches(together, ({ entry }) => sizeOf(entry), bounds), ...apart];
};

/** Sends what is pending, and answers what is worth another try. */
const sendOnce = async <T>(
  pending: readonly Sent<T>[],
  service: Service<T>,
  timeLeft: () => number,
): Promise<readonly Sent<T>[]> => {
  const limit = pLimit(AT_ONCE);
  const again: Sent<T>[] = [];
  const send = async (batch: readonly Sent<T>[]): Promise<void> => {
    await sendBatch(batch, service, timeLeft());
    for (const one of batch) {
      const next = one.failure?.next;
      if (next === 'apart') one.alone = true;
      if (next === 'again' || (next === 'apart' && batch.length > 1)) again.push(one);
    }
  };
  await Promise.all(batchesOf(pending, service).map((batch) => limit(send, batch)));
  return again;
};

/** Why each entry was not accepted, in their order; `undefined` where it was. */
export const sendAll = async <T>(
  entries: readonly T[],
  service: Service<T>,
  { tries, firstWait, request, deadline }: Pace,
): Promise<readonly (Unavailable | undefined)[]> => {
  const end = performance.now() + deadline;
  const timeLeft = (): number => Math.max(0, Math.min(request, end - performance.now()));
  const all = entries.map((entry): Sent<T> => ({ entry, alone: false }));
  let pending: readonly Sent<T>[] = all;
  for (let attempt = 0; attempt < tries && pending.length > 0; attempt += 1) {
    if (attempt > 0) {
      const wait = Math.random() * firstWait * 2 ** (attempt - 1);
      if (wait >= end - performance.now()) break;
      await delay(wait);
    }
    pending = await sendOnce(pending, service, timeLeft);
  }
  return all.map(({ failure }) => failure?.why);
};
