/** What it takes to tell receivers: whom, by which rules, and where it is remembered. */
import type { Receiver } from './alert.ts';
import type { Rule } from './rules.ts';
import type { AlertState } from './state.ts';

export interface Telling {
  readonly state: AlertState;
  readonly rules: readonly Rule[];
  readonly receivers: ReadonlyMap<string, Receiver>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly counts: Readonly<Record<'sent' | 'failed', (receiver: string) => void>>;
}
