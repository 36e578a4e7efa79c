/** Tells what was held back, or could not be told, and whose time has come. */
import type { AlertServices } from './services.ts';
import { tell } from './tell.ts';

const MOST = 100;

/** Rejects with `Unavailable` where the state cannot be reached. */
export const tellDue = async ({ telling, inTurn }: Pick<AlertServices, 'telling' | 'inTurn'>): Promise<void> => {
  const keys = await telling.state.due(telling.now(), MOST);
  await Promise.all(keys.map((key) => inTurn(key, () => tell(key, telling))));
};
