/** What the outputs to services of AWS have in common: an event goes out as one entry, if it fits. */
import type { JsonObject } from '../conditions/status.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { fitEvent } from './fitting-event.ts';
import type { Output } from './output.ts';
import { PACE, type Pace, type Service, sendAll } from './send-again.ts';

export interface EventService<T> extends Service<T> {
  /** The bytes that an event's JSON may hold. */
  readonly room: (event: JsonObject) => number;
  readonly entryOf: (event: JsonObject, json: string) => T;
}

/**
 * Settings for every client: a service that does not answer is not waited for, and who sends is who tries again, not the SDK.
 * Connections are kept alive by the SDK unasked.
 */
export const CLIENT = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
} as const;

/** Nobody can send the event otherwise than it is, so its error says what to set. */
const tooLarge = (name: string, { id }: JsonObject, bytes: number, room: number): Unavailable =>
  new Unavailable(
    `the event ${id} is too large for ${name}: ${bytes} bytes, where ${room} may be; K_SINK takes events of any size`,
  );

export const outputTo = <T extends object>(service: EventService<T>, pace: Pace = PACE): Output => ({
  send: async (events) => {
    const prepared = events.map((event): T | Unavailable => {
      const room = service.room(event);
      const fitted = fitEvent(event, room);
      return 'json' in fitted ? service.entryOf(event, fitted.json) : tooLarge(service.name, event, fitted.bytes, room);
    });
    const entries = prepared.filter((one) => !(one instanceof Unavailable)) as T[];
    const sent = (await sendAll(entries, service, pace)).values();
    return prepared.map((one) => (one instanceof Unavailable ? one : sent.next().value));
  },
});
