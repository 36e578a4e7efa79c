/** Tells what was held back, or could not be told, and whose time has come. */
import type { AlertServices } from './services.ts';
import { type Outcome, tell } from './tell.ts';

const MOST = 100;

/** Says what became of each. Rejects with `Unavailable` where the state cannot be reached. */
export const tellDue = async ({
  telling,
  inTurn,
}: Pick<AlertServices, 'telling' | 'inTurn'>): Promise<readonly Outcome[]> => {
  const keys = await telling.state.due(telling.now(), MOST);
  return Promise.all(keys.map((key) => inTurn(key, () => tell(key, telling))));
};
