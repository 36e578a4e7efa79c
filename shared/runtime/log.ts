/** The log: JSON, one line an event, so that one can ask why a scan says what it says. */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Received } from './receive.ts';

export type { Logger };

/** A logger to standard output. Lines are written at once: what happened last is what one looks for after a crash. */
export const createLog = (level: string): Logger =>
  pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, destination({ dest: 1, sync: true }));

const LEVEL = new Map<Received['outcome'], 'info' | 'warn' | 'error'>([
  ['rejected', 'warn'],
  ['unavailable', 'warn'],
]);

const reasonOf = (why: Received['why']): { readonly why?: string; readonly cause?: string } => {
  if (why === undefined || typeof why === 'string') return why === undefined ? {} : { why };
  return { why: why.message, ...(why.cause instanceof Error && { cause: why.cause.message }) };
};

/** One line for one event: what it was, about which scan, and what became of it. */
export const logReceived = (log: Logger, { outcome, id, type, scan, changes, why }: Received): void => {
  const about = scan && { scan: `${scan.namespace}/${scan.kind}/${scan.name}`, uid: scan.uid };
  const changed = changes.length > 0 && {
    changes: Object.fromEntries(changes.map((change) => [change.type, change.to])),
  };
  log[LEVEL.get(outcome) ?? 'info']({ id, type, ...about, outcome, ...changed, ...reasonOf(why) }, 'event');
};
