/** Tells what was held back, or could not be told, and whose time has come. */
import type { AlertServices } from './services.ts';
import type { RecordKey } from './state.ts';
import { type Outcome, tell } from './tell.ts';

const AT_ONCE = 100;
const MOST = 1_000;

type Due = Pick<AlertServices, 'telling' | 'inTurn'>;

/** Tells each of them, whatever becomes of the others. Rejects where one could not even be looked at. */
const tellEach = async (keys: readonly RecordKey[], { telling, inTurn }: Due): Promise<readonly Outcome[]> => {
  const settled = await Promise.allSettled(keys.map((key) => inTurn(key, () => tell(key, telling, true))));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
};

/** Says what became of each. Rejects with `Unavailable` where the state cannot be reached. */
export const tellDue = async (due: Due): Promise<readonly Outcome[]> => {
  const { state, now } = due.telling;
  const outcomes: Outcome[] = [];
  while (outcomes.length < MOST) {
    const keys = await state.due(now(), AT_ONCE);
    outcomes.push(...(await tellEach(keys, due)));
    if (keys.length < AT_ONCE) break;
  }
  return outcomes;
};
