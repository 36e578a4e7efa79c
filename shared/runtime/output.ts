/** Where the events go that the functions emit. */
import type { JsonObject } from '../conditions/status.ts';
import type { Unavailable } from '../scans/unavailable.ts';

export interface Output {
  /** Sends CloudEvents, in JSON, and says of each, in their order, why it was not accepted; `undefined` where it was. */
  readonly send: (events: readonly JsonObject[]) => Promise<readonly (Unavailable | undefined)[]>;
}
