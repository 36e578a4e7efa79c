/** The log: JSON, one line an event, so that one can ask why a scan says what it says. */
import { isNativeError } from 'node:util/types';
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { Mistake } from '../scans/unavailable.ts';
import type { Received } from './received.ts';

export type { Logger };

/** Bytes of lines that wait for a reader. What comes after is dropped: nobody's silence may stop the functions. */
const MAX_WAITING = 8 * 1_048_576;

/** Lines are written when there are this many bytes of them, or after this many milliseconds: a write costs a line's price. */
const WRITTEN_AT_ONCE = 4_096;
const WRITTEN_AFTER = 100;

/** A logger to standard output, which never waits for whoever reads it. */
export const createLog = (level: string): Logger =>
  pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime },
    destination({
      dest: 1,
      sync: false,
      minLength: WRITTEN_AT_ONCE,
      periodicFlush: WRITTEN_AFTER,
      maxLength: MAX_WAITING,
    }),
  );

const LEVEL = new Map<Received['outcome'], 'info' | 'warn' | 'error'>([
  ['refused', 'warn'],
  ['rejected', 'warn'],
  ['unavailable', 'warn'],
]);

/** What began it: `fetch` says only that it failed, and keeps why in the cause of its cause. */
const rootOf = (error: Error): Error => (isNativeError(error.cause) ? rootOf(error.cause) : error);

const reasonOf = (why: Received['why']): { readonly why?: string; readonly cause?: string } => {
  if (why === undefined || typeof why === 'string') return why === undefined ? {} : { why };
  const root = rootOf(why);
  return { why: why.message, ...(root !== why && { cause: root.message }) };
};

/** One line for one event: what it was, about which scan, and what became of it. */
export const logReceived = (log: Logger, { outcome, id, type, scan, changes, why }: Received): void => {
  const about = scan && { scan: `${scan.namespace}/${scan.kind}/${scan.name}`, uid: scan.uid };
  const changed = changes.length > 0 && {
    changes: Object.fromEntries(changes.map((change) => [change.type, change.to])),
  };
  // Only our own mistake is worth a stack trace: what others send wrongly is told in one line.
  if (why instanceof Mistake) log.error({ id, type, err: why.cause }, why.message);
  log[LEVEL.get(outcome) ?? 'info']({ id, type, ...about, outcome, ...changed, ...reasonOf(why) }, 'event');
};
