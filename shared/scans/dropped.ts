/**
 * What an API server drops from a status because the CRD of the kind does not know it.
 *
 * It is left out of every compare, or the same write would be tried again with each event.
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';

/** A member's path; `*` stands for every item of a list: `conditions.*.error`. */
type Path = string;

const members = (value: unknown): readonly (readonly [name: string, value: unknown])[] => {
  if (Array.isArray(value)) return value.map((item) => ['*', item]);
  return isJsonObject(value) ? Object.entries(value) : [];
};

const under = (path: Path, name: string): Path => (path === '' ? name : `${path}.${name}`);

/** The item of an answered list that is the one sent: the one in its place, or a condition of its type elsewhere. */
const answeredItem = (answered: readonly unknown[], sent: unknown, at: number): unknown => {
  const there = answered[at];
  if (!isJsonObject(sent) || typeof sent.type !== 'string') return there;
  if (isJsonObject(there) && there.type === sent.type) return there;
  return answered.find((item) => isJsonObject(item) && item.type === sent.type);
};

/** The paths of `sent` that `answered` does not have. */
export const droppedPaths = (sent: unknown, answered: unknown, path: Path = ''): readonly Path[] =>
  members(sent).flatMap(([name, value], at) => {
    const here = under(path, name);
    if (Array.isArray(answered)) {
      const item = answeredItem(answered, value, at);
      return item === undefined ? [] : droppedPaths(value, item, here);
    }
    if (!isJsonObject(answered)) return [];
    return Object.hasOwn(answered, name) ? droppedPaths(value, answered[name], here) : [here];
  });

const withoutPaths = (value: unknown, dropped: ReadonlySet<Path>, path: Path): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutPaths(item, dropped, under(path, '*')));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => !dropped.has(under(path, name)));
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutPaths(member, dropped, under(path, name))]));
};

/** `status` as a server that drops these paths would keep it. */
export const withoutDropped = (status: JsonObject, dropped: ReadonlySet<Path>): JsonObject =>
  dropped.size === 0 ? status : (withoutPaths(status, dropped, '') as JsonObject);
