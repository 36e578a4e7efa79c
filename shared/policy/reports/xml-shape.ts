/** What the elements of a report in XML must be, once they are JSON: one child is no list, and an empty one is a text. */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { at, WrongShape } from './shape.ts';

const NOTHING: JsonObject = {};

const asElement = (value: unknown, place: string): JsonObject => {
  if (isJsonObject(value)) return value;
  if (value === '') return NOTHING;
  throw new WrongShape(place, 'must be an element with children');
};

/** What `read` makes of each child of this name: none, the one, or all of several. */
export const eachChild = <T>(parent: JsonObject, name: string, read: (child: JsonObject) => T): readonly T[] => {
  const value = parent[name];
  if (value === undefined) return [];
  const one = (item: unknown, place: string): T => {
    const child = asElement(item, place);
    return at(place, () => read(child));
  };
  return Array.isArray(value) ? value.map((item, index) => one(item, `${name}[${index}]`)) : [one(value, name)];
};

/** What `read` makes of each child inside of a wrapper, such as `ratings.rating`. */
export const eachWrapped = <T>(
  parent: JsonObject,
  wrapper: string,
  name: string,
  read: (child: JsonObject) => T,
): readonly T[] => eachChild(parent, wrapper, (wrapping) => eachChild(wrapping, name, read)).flat();

/** The text of the one child of this name, or of the attribute where the name has a `-`; absent where it is empty. */
export const childText = (parent: JsonObject, name: string): string | undefined => {
  const value = parent[name];
  const text = isJsonObject(value) ? (value['#text'] ?? '') : value;
  if (text === undefined || text === '') return undefined;
  if (typeof text === 'string') return text;
  throw new WrongShape(name, 'must be one text');
};
