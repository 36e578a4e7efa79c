/** The function `alert` in a process that may die: then nothing that it has begun comes to an end. */
import { alert } from '../../functions/alert/handler.ts';
import type { Receiver } from '../../shared/alerts/alert.ts';
import { recordKey } from '../../shared/alerts/alert-record.ts';
import { defaultRules } from '../../shared/alerts/default-rules.ts';
import { openTurns } from '../../shared/alerts/in-turn.ts';
import type { AlertState } from '../../shared/alerts/state.ts';
import type { Event } from '../../shared/events/event.ts';
import { readScope } from '../../shared/runtime/config.ts';

export interface Life {
  readonly handle: (event: Event) => Promise<unknown>;
  /** How many receivers are being asked. */
  readonly asking: () => number;
  /** Ends it, and says how many messages to each receiver nobody will know to have arrived or not. */
  readonly die: () => (receiver: string) => number;
}

const never = () => new Promise<never>(() => undefined);

export const openLife = (kept: AlertState, receivers: readonly Receiver[], now: () => number): Life => {
  let isDead = false;
  let asking = 0;
  /** Alerts whose receiver was asked, and what came of it is not written yet. */
  const unsettled = new Map<string, string>();
  const untilDeath = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) return never();
    const done = await work();
    return isDead ? never() : done;
  };
  const state: AlertState = {
    get: (key) => untilDeath(() => kept.get(key)),
    put: (write) =>
      untilDeath(async () => {
        const version = await kept.put(write);
        if (version !== undefined && !('sending' in JSON.parse(write.value))) unsettled.delete(write.key);
        return version;
      }),
    due: (at, most) => untilDeath(() => kept.due(at, most)),
    close: kept.close,
  };
  // What it would be told again, because it may have forgotten, is none of these tests'.
  const mortal = ({ name, send, preview }: Receiver): Receiver => ({
    name,
    preview,
    send: (one, before) =>
      untilDeath(async () => {
        unsettled.set(recordKey(one.key, name), name);
        asking += 1;
        try {
          return await send(one, before);
        } finally {
          asking -= 1;
        }
      }),
  });
  const { handle } = alert({
    telling: {
      state,
      rules: defaultRules(receivers.map(({ name }) => name)),
      receivers: new Map(receivers.map((one) => [one.name, mortal(one)])),
      now,
      counts: { sent: () => undefined, failed: () => undefined },
    },
    replays: 'quiet',
    keepsDue: false,
    inTurn: openTurns(),
  });
  const scope = readScope({});
  return {
    handle: (event) => handle(event, scope),
    asking: () => asking,
    die: () => {
      isDead = true;
      return (receiver) => [...unsettled.values()].filter((name) => name === receiver).length;
    },
  };
};
