/** What the function `alert` works with. */
import type { InTurn } from './in-turn.ts';
import type { Telling } from './telling.ts';

export interface AlertServices {
  readonly telling: Telling;
  /** Whether events that a replay causes alert people. */
  readonly replays: 'quiet' | 'alert';
  readonly inTurn: InTurn;
  /** Whether this process tells itself what is due: then no event has to come again for it. */
  readonly keepsDue: boolean;
}
