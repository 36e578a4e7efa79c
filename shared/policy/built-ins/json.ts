/** Built-ins that write and check JSON as Go does. */
import { anything, arrayOrSet, type Family, object, set, type TermObject, takes, text, Undefined } from './operands.ts';
import { sortedEntries, sortedMembers } from './terms.ts';

/** Go's JSON can stand inside of HTML, and of JavaScript. */
const HTML = /[<>&\u2028\u2029]/g;

const unicodeEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

const quoted = (value: string): string => JSON.stringify(value.toWellFormed()).replace(HTML, unicodeEscape);

/** How lines begin; absent: everything on one line. */
interface Layout {
  readonly prefix: string;
  readonly indent: string;
}

const surrounded = (
  [open, close]: readonly [string, string],
  parts: readonly string[],
  layout: Layout | undefined,
  depth: number,
): string => {
  if (parts.length === 0 || layout === undefined) return open + parts.join(',') + close;
  const line = (level: number): string => `\n${layout.prefix}${layout.indent.repeat(level)}`;
  return open + parts.map((part) => line(depth + 1) + part).join(',') + line(depth) + close;
};

const marshal = (term: unknown, layout?: Layout, depth = 0): string => {
  const inner = (member: unknown): string => marshal(member, layout, depth + 1);
  if (text(term)) return quoted(term);
  if (arrayOrSet(term)) {
    const members = set(term) ? sortedMembers(term) : term;
    return surrounded(['[', ']'], members.map(inner), layout, depth);
  }
  if (object(term)) {
    const colon = layout === undefined ? ':' : ': ';
    const fields = sortedEntries(term).map(([name, value]) => quoted(name) + colon + inner(value));
    return surrounded(['{', '}'], fields, layout, depth);
  }
  return String(term);
};

const OPTIONS = new Set(['prefix', 'indent', 'pretty']);

const textOption = (value: unknown, usual: string): string => {
  if (value === undefined) return usual;
  if (!text(value)) throw new Undefined('failed cast to string');
  return value;
};

const marshalWithOptions = (term: unknown, options: TermObject): string => {
  const { prefix, indent, pretty = prefix !== undefined || indent !== undefined } = options;
  if (Object.keys(options).some((name) => !OPTIONS.has(name))) throw new Undefined('object contained unknown key');
  if (typeof pretty !== 'boolean') throw new Undefined('key pretty failed cast to bool');
  const layout = { prefix: textOption(prefix, ''), indent: textOption(indent, '\t') };
  return pretty ? layout.prefix + marshal(term, layout) : marshal(term);
};

const isValid = (value: unknown): boolean => {
  if (!text(value)) return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
};

export const JSON_TEXT: Family = [
  // The module has it itself today. Those of older compilers ask for it.
  ['json.is_valid', isValid],
  ['json.marshal_with_options', takes([anything, object], marshalWithOptions)],
];
