/** Which scans are ours to keep, and which instants a live function believes. */
import type { ScanRef } from '../conditions/facts.ts';
import { type Instant, instantAt } from '../conditions/instant.ts';
import { Rejected } from './rejected.ts';

export interface Scope {
  /** The API group of the scans. */
  readonly group: string;
  readonly kinds: ReadonlySet<string>;
  /** The namespaces to keep; all where it is absent. */
  readonly namespaces?: ReadonlySet<string>;
  /** The instant after which an event claims the future; absent in a dry run, which believes any. */
  readonly latest?: Instant;
}

/** An event that is not about a scan of ours, and why. */
export interface Ignored {
  readonly ignored: string;
}

export const isIgnored = (value: object): value is Ignored => 'ignored' in value;

/** Why a scan is not ours to keep; `undefined` where it is. */
export const outOfScope = ({ kind, namespace }: ScanRef, { kinds, namespaces }: Scope): Ignored | undefined => {
  if (!kinds.has(kind)) return { ignored: `${kind} is not a kind of scan` };
  if (namespaces !== undefined && !namespaces.has(namespace)) return { ignored: `namespace ${namespace} is not kept` };
  return undefined;
};

const EARLIEST = '2015-01-01T00:00:00Z';
const AHEAD_MINUTES = 10;

/** The last instant that is believed at `now` (Unix milliseconds): clocks of a cluster may differ by minutes. */
export const latestBelieved = (now: number): Instant => instantAt(now + AHEAD_MINUTES * 60_000) as Instant;

/**
 * Passes an instant on if a live function may believe it. Throws `Rejected` for one before 2015 or more than 10 minutes
 * ahead of the clock: a fact of 2099 would win for ever.
 */
export const believed = (field: string, instant: Instant, { latest }: Scope): Instant => {
  if (latest === undefined) return instant;
  if (instant > latest)
    throw new Rejected(field, `${instant} is more than ${AHEAD_MINUTES} minutes ahead of the clock`);
  if (instant < EARLIEST) throw new Rejected(field, `${instant} is before 2015`);
  return instant;
};
