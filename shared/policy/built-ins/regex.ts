/**
 * Built-ins with regular expressions: RE2's, so the time they take grows with the text alone.
 *
 * Which matches there are, and what a replacement means, is Go's word (regexp: allMatches, expand).
 */
import { type Matcher, RE2JS, RE2JSException } from 're2js';
import { type Family, int64, takes, text, Undefined } from './operands.ts';
import { remembered } from './remembered.ts';

const compile = remembered((pattern) => {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) throw new Undefined(error.message);
    throw error;
  }
});

interface Match {
  readonly start: number;
  readonly end: number;
}

const nextCharacter = (value: string, at: number): number => at + ((value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

/** Go leaves out an empty match that touches the one before. */
const eachMatch = (matcher: Matcher, value: string, limit: number, found: (match: Match) => void): void => {
  let [count, at, last] = [0, 0, -1];
  while (count < limit && at <= value.length && matcher.find(at)) {
    const match = { start: matcher.start(), end: matcher.end() };
    const isEmptyHere = match.end === at;
    const touches = isEmptyHere && match.start === last;
    at = isEmptyHere ? nextCharacter(value, at) : match.end;
    last = match.end;
    if (touches) continue;
    found(match);
    count += 1;
  }
};

const findN = (pattern: string, value: string, n: number | bigint): readonly string[] => {
  const limit = n < 0 ? Number.POSITIVE_INFINITY : Number(n);
  const found: string[] = [];
  eachMatch(compile(pattern).matcher(value), value, limit, ({ start, end }) => found.push(value.slice(start, end)));
  return found;
};

const split = (pattern: string, value: string): readonly string[] => {
  const expression = compile(pattern);
  if (pattern !== '' && value === '') return [''];
  const parts: string[] = [];
  let [begin, end] = [0, 0];
  eachMatch(expression.matcher(value), value, Number.POSITIVE_INFINITY, (match) => {
    end = match.start;
    if (match.end !== 0) parts.push(value.slice(begin, end));
    begin = match.end;
  });
  if (end !== value.length) parts.push(value.slice(begin));
  return parts;
};

/** `$$`, `$name`, `${name}`; a name is as long as it can be. Any other `$` stands for itself. */
const REFERENCE = /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu;

const expand = (template: string, matcher: Matcher): string =>
  template.replace(REFERENCE, (_, bare?: string, braced?: string) => {
    const name = bare ?? braced;
    if (name === undefined) return '$';
    if (/^(?:0|[1-9]\d{0,8})$/.test(name)) {
      const index = Number(name);
      return index <= matcher.groupCount() ? (matcher.group(index) ?? '') : '';
    }
    return Object.hasOwn(matcher.namedGroups, name) ? (matcher.group(name) ?? '') : '';
  });

const replace = (value: string, pattern: string, template: string): string => {
  const matcher = compile(pattern).matcher(value);
  let result = '';
  let copied = 0;
  eachMatch(matcher, value, Number.POSITIVE_INFINITY, ({ start, end }) => {
    result += value.slice(copied, start) + expand(template, matcher);
    copied = end;
  });
  return result + value.slice(copied);
};

const quoteMeta = (value: string): string => value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');

const isDelimiter = (value: string): boolean => value.length === 1 && value < '\u0080';

/** Where expressions stand in a template: between delimiters, which may nest. */
const expressionsIn = (template: string, start: string, end: string): readonly Match[] => {
  const found: Match[] = [];
  let [level, opened] = [0, 0];
  for (let at = 0; at < template.length; at += 1) {
    if (template[at] === start && ++level === 1) opened = at;
    else if (template[at] === end && --level === 0) found.push({ start: opened, end: at + 1 });
    if (level < 0) break;
  }
  if (level !== 0) throw new Undefined('unbalanced braces');
  return found;
};

/** The expression for a template: what is not between delimiters stands for itself. */
const templateSource = (template: string, start: string, end: string): string => {
  let source = '^';
  let copied = 0;
  for (const place of expressionsIn(template, start, end)) {
    const expression = template.slice(place.start + 1, place.end - 1);
    // On its own, so that it cannot end the group that it will stand in.
    compile(`^${expression}$`);
    source += `${quoteMeta(template.slice(copied, place.start))}(${expression})`;
    copied = place.end;
  }
  return `${source}${quoteMeta(template.slice(copied))}$`;
};

const templateMatch = (template: string, value: string, start: string, end: string): boolean => {
  if (!isDelimiter(start) || !isDelimiter(end)) throw new Undefined('a delimiter is exactly one character');
  return compile(templateSource(template, start, end))
    .matcher(value)
    .find();
};

export const REGEX: Family = [
  ['regex.find_n', takes([text, text, int64], findN)],
  ['regex.split', takes([text, text], split)],
  ['regex.replace', takes([text, text, text], replace)],
  ['regex.template_match', takes([text, text, text, text], templateMatch)],
];
