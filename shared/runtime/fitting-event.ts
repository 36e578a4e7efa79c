/**
 * Events as JSON for services that bound their size.
 *
 * Of what we emit only the `conditions` of a status-changed event may be left out: they are advisory, and those of others
 * may be of any size. What is left out is said in the extension `scanomitted`. Everything else is signed, or is what the
 * event is about: it goes out whole or not at all.
 */
import { CONDITION_TYPES, isJsonObject, type JsonObject } from '../conditions/status.ts';
import { STATUS_CHANGED } from '../events/types.ts';

const OURS = new Set<unknown>(CONDITION_TYPES);

/** JSON that also the services take which take no more than XML does: it has no U+FFFE and U+FFFF. */
const jsonOf = (event: JsonObject): string =>
  JSON.stringify(event).replace(/[\uFFFE\uFFFF]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);

const withConditions = (event: JsonObject, data: JsonObject, conditions: readonly unknown[]): JsonObject => ({
  ...event,
  scanomitted: 'conditions',
  data: { ...data, conditions },
});

/** The event, and what may stand for it, from the most to the least. */
const versionsOf = function* (event: JsonObject): Generator<JsonObject> {
  yield event;
  const { type, data } = event;
  if (type !== STATUS_CHANGED || !isJsonObject(data) || !Array.isArray(data.conditions)) return;
  const ours = data.conditions.filter((condition) => isJsonObject(condition) && OURS.has(condition.type));
  yield withConditions(event, data, ours);
  yield withConditions(event, data, []);
};

/** The JSON of an event, or the bytes that it holds where that is more than it may. */
export type Fitted = { readonly json: string } | { readonly bytes: number };

export const fitEvent = (event: JsonObject, bytes: number): Fitted => {
  let held = 0;
  for (const version of versionsOf(event)) {
    const json = jsonOf(version);
    held = Buffer.byteLength(json);
    if (held <= bytes) return { json };
  }
  return { bytes: held };
};
