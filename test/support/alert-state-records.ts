/** Records of tests, and what is done with them. */
import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { AlertState, RecordKey } from '../../shared/alerts/state.ts';

/** The key of a number; every third names a scan. */
export const keyAt = (at: number): RecordKey =>
  `${at % 3 === 0 ? 'scan' : 'alert'}-${createHash('sha256').update(String(at)).digest('hex')}`;

/** Adds one to a record, as often as it takes, and gives what it is then. */
export const increment = async (state: AlertState, key: RecordKey): Promise<number> => {
  for (;;) {
    const read = await state.get(key);
    const next = Number(read?.value ?? 0) + 1;
    const expected = read && { expected: read.version };
    const written = await state.put({ key, value: String(next), keepUntil: 253_402_300_799_999, ...expected });
    if (written !== undefined) return next;
    await turn();
  }
};
