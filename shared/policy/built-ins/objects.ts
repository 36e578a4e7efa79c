/** `object.subset`: whether one value has everything that another has (v1/topdown/subset.go). */
import { array, type Family, object, set, type TermObject, Undefined } from './operands.ts';
import { termText } from './terms.ts';

/** For each start of `part`, the length of the longest shorter start that ends there (Knuth, Morris, Pratt). */
const borders = (part: readonly string[]): readonly number[] => {
  const lengths = [0];
  for (let at = 1, length = 0; at < part.length; at += 1) {
    while (length > 0 && part[at] !== part[length]) length = lengths[length - 1] ?? 0;
    if (part[at] === part[length]) length += 1;
    lengths.push(length);
  }
  return lengths;
};

/** Whether the members of `part` stand in `whole`, one right after the other. */
const arraySubset = (whole: readonly unknown[], part: readonly unknown[]): boolean => {
  if (part.length === 0) return true;
  const wanted = part.map(termText);
  const lengths = borders(wanted);
  let matched = 0;
  for (const member of whole) {
    const found = termText(member);
    while (matched > 0 && wanted[matched] !== found) matched = lengths[matched - 1] ?? 0;
    if (wanted[matched] === found) matched += 1;
    if (matched === wanted.length) return true;
  }
  return false;
};

const setSubset = (whole: ReadonlySet<unknown>, part: ReadonlySet<unknown>): boolean => {
  const members = new Set([...whole].map(termText));
  return [...part].every((member) => members.has(termText(member)));
};

/** OPA counts what it finds in the array, the same twice as two. */
const arraySetSubset = (whole: readonly unknown[], part: ReadonlySet<unknown>): boolean => {
  const members = new Set([...part].map(termText));
  let missing = part.size;
  return whole.some((member) => {
    if (members.has(termText(member))) missing -= 1;
    return missing === 0;
  });
};

const hasField = (whole: TermObject, name: string, value: unknown): boolean => {
  if (!Object.hasOwn(whole, name)) return false;
  const field = whole[name];
  return sameKindSubset(field, value) ?? termText(field) === termText(value);
};

const objectSubset = (whole: TermObject, part: TermObject): boolean =>
  Object.entries(part).every(([name, value]) => hasField(whole, name, value));

const sameKindSubset = (whole: unknown, part: unknown): boolean | undefined => {
  if (object(whole) && object(part)) return objectSubset(whole, part);
  if (set(whole) && set(part)) return setSubset(whole, part);
  return array(whole) && array(part) ? arraySubset(whole, part) : undefined;
};

const subset = (whole: unknown, part: unknown): boolean => {
  if (array(whole) && set(part)) return arraySetSubset(whole, part);
  const answer = sameKindSubset(whole, part);
  if (answer === undefined) throw new Undefined('both arguments must be of the same type or array and set');
  return answer;
};

export const OBJECTS: Family = [['object.subset', subset]];
