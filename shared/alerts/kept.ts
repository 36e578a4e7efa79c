/** Records read and written as what they are: whoever writes has read the newest, or reads again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../scans/unavailable.ts';
import type { AlertState, RecordKey } from './state.ts';

export interface Kept<T> {
  readonly value: T | undefined;
  /** Of the record as it now stands; absent, there is none. */
  readonly version?: string;
}

export interface Written<T> extends Kept<T> {
  readonly wrote: boolean;
}

interface Lifetime {
  readonly keepUntil: number;
  readonly dueAt?: number;
}

const TRIES = 12;
const LONGEST_PAUSE = 250;

/** What we wrote ourselves, and nobody else: what cannot be read is as good as lost, and is begun anew. */
const parse = <T>(text: string): T | undefined => {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
};

export const readKept = async <T>(state: AlertState, key: RecordKey): Promise<Kept<T>> => {
  const found = await state.get(key);
  return found === undefined ? { value: undefined } : { value: parse<T>(found.value), version: found.version };
};

/**
 * Changes a record, however many do so at once. Where the change gives the very value that it was given, nothing is
 * written. Rejects with `Unavailable` where others are always faster.
 *
 * @param read what was read of it already
 */
export const change = async <T>(
  state: AlertState,
  key: RecordKey,
  next: (value: T | undefined) => T | undefined,
  lifetime: (value: T) => Lifetime,
  read?: Kept<T>,
): Promise<Written<T>> => {
  let kept = read ?? (await readKept<T>(state, key));
  for (let tries = 0; tries < TRIES; tries += 1) {
    const value = next(kept.value);
    if (value === undefined || value === kept.value) return { ...kept, wrote: false };
    const expected = kept.version === undefined ? {} : { expected: kept.version };
    const version = await state.put({ key, value: JSON.stringify(value), ...expected, ...lifetime(value) });
    if (version !== undefined) return { value, version, wrote: true };
    await sleep(Math.random() * Math.min(LONGEST_PAUSE, 2 ** tries));
    kept = await readKept<T>(state, key);
  }
  throw new Unavailable('the alert is being written by too many at once', { retryAfter: 1 });
};
