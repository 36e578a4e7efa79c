/**
 * What a report's fields must be, and the error that says which is not.
 *
 * Written by hand: a schema costs several times what the parsing costs, once for each of 100 000 findings. An error
 * gathers its path while it rises, so that a report that is well made never pays for one.
 */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { UnreadableReport } from './report.ts';

/** A field of a report that is not what the format says. */
export class WrongShape extends UnreadableReport {
  readonly path: string;
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(`the report's ${path} ${problem}`);
    this.path = path;
    this.problem = problem;
  }
}

/** Reads what is found at `place`: what is wrong there is told with its place. */
export const at = <T>(place: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw error instanceof WrongShape ? new WrongShape(`${place}.${error.path}`, error.problem) : error;
  }
};

/** Go writes null where it has nothing, and an empty text is nothing told. */
const isAbsent = (value: unknown): value is undefined | null | '' =>
  value === undefined || value === null || value === '';

/** A text; absent where the field is absent, null or empty. */
export const textIn = (object: JsonObject, key: string): string | undefined => {
  const value = object[key];
  if (isAbsent(value)) return undefined;
  if (typeof value === 'string') return value;
  throw new WrongShape(key, 'must be a text');
};

const numberFrom = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

/** A finite number, or a text that is one: several formats write numbers as texts. */
export const numberIn = (object: JsonObject, key: string): number | undefined => {
  const value = object[key];
  if (isAbsent(value)) return undefined;
  const number = typeof value === 'string' ? numberFrom(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new WrongShape(key, 'must be a number');
};

export const objectIn = (object: JsonObject, key: string): JsonObject | undefined => {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (isJsonObject(value)) return value;
  throw new WrongShape(key, 'must be an object');
};

export const listIn = (object: JsonObject, key: string): readonly unknown[] | undefined => {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value;
  throw new WrongShape(key, 'must be a list');
};

/** Texts; none where the field is absent or null. */
export const textsIn = (object: JsonObject, key: string): readonly string[] =>
  (listIn(object, key) ?? []).map((item, index) => {
    if (typeof item !== 'string') throw new WrongShape(`${key}[${index}]`, 'must be a text');
    return item;
  });

/** What `read` makes of each object of the list; absent where the list is. */
export const eachIn = <T>(object: JsonObject, key: string, read: (item: JsonObject) => T): readonly T[] | undefined =>
  listIn(object, key)?.map((item, index) => {
    if (!isJsonObject(item)) throw new WrongShape(`${key}[${index}]`, 'must be an object');
    return at(`${key}[${index}]`, () => read(item));
  });

/** What a field tells that decides nothing, such as a scanner's name: absent where it is no text. */
export const told = (object: unknown, key: string): string | undefined => {
  const value = isJsonObject(object) ? object[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
};
