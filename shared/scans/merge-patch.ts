/**
 * JSON merge patches: what to send so that one object becomes another.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';

/** The value that a patch gives a member which stands for `before`; `undefined` where nothing has to change. */
const memberPatch = (before: unknown, value: unknown): unknown => {
  if (isJsonObject(before) && isJsonObject(value)) return mergePatch(before, value);
  return isDeepStrictEqual(before, value) ? undefined : value;
};

/**
 * The patch that turns `from` into `to`, which holds no null; `undefined` where they are equal.
 *
 * A list is replaced as a whole, an object member by member, and every member that is gone becomes null.
 */
export const mergePatch = (from: JsonObject, to: JsonObject): JsonObject | undefined => {
  const patch = Object.keys(from)
    .filter((name) => !Object.hasOwn(to, name))
    .map((name): readonly [string, unknown] => [name, null]);
  for (const [name, value] of Object.entries(to)) {
    const change = memberPatch(Object.hasOwn(from, name) ? from[name] : undefined, value);
    if (change !== undefined) patch.push([name, change]);
  }
  return patch.length === 0 ? undefined : Object.fromEntries(patch);
};
