/** What a YAML document holds, as terms: keys are texts, numbers are JSON's, and there are not too many of them. */
import { array, text, Undefined, Unsupported, wholeNumber } from './operands.ts';
import { jsonNumber, keyOf } from './yaml-scalars.ts';

export const DEEPEST = 1_000;
/** Aliases make a short document large. */
export const MOST_VALUES = 1_000_000;

const keyText = (key: unknown): string => {
  if (typeof key === 'number') return keyOf(key);
  if (!text(key) && typeof key !== 'bigint' && typeof key !== 'boolean') throw new Undefined('unsupported map key');
  return String(key);
};

const scalarOf = (value: unknown): unknown => {
  if (typeof value === 'bigint') return wholeNumber(value);
  if (typeof value !== 'number') return value;
  const number = jsonNumber(value);
  if (number === undefined) throw new Undefined('unsupported value');
  return number;
};

/** What YAML says, as JSON could have said it. Throws where it could not. */
export const termOf = (document: unknown): unknown => {
  let values = 0;
  const above = new Set<unknown>();
  const inside = (value: unknown, convert: () => unknown): unknown => {
    if (above.has(value)) throw new Undefined('an anchor contains itself');
    above.add(value);
    const converted = convert();
    above.delete(value);
    return converted;
  };
  const convert = (value: unknown): unknown => {
    values += 1;
    if (values > MOST_VALUES) throw new Unsupported(`the document has more than ${MOST_VALUES} values`);
    if (above.size > DEEPEST) throw new Unsupported(`the document has more than ${DEEPEST} levels`);
    if (array(value)) return inside(value, () => value.map(convert));
    if (!(value instanceof Map)) return scalarOf(value);
    return inside(value, () => Object.fromEntries([...value].map(([key, member]) => [keyText(key), convert(member)])));
  };
  return convert(document);
};
