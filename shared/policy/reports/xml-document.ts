/**
 * An XML document as JSON, built from its parts: what policies over a CycloneDX report in XML see as their input.
 *
 * The shape is that of github.com/clbanning/mxj (`NewMapXml`), by which such policies were written: the root's name is
 * the one key; an attribute's key has a `-` before it; prefixes are dropped, of elements and attributes alike, so that
 * `xmlns:v="…"` becomes `-v` and `xmlns="…"` becomes `-xmlns`; several children of one name are a list, one is not;
 * every scalar is a text without the white space around it; the text of an element that has attributes or children is
 * its `#text`; an empty element is an empty text. It differs where mxj loses something: of a text that
 * children, comments or CDATA sections divide it keeps one piece, and of two attributes whose prefixes alone differ it
 * keeps one, which is an error here.
 */
import type { JsonObject } from '../../conditions/status.ts';
import { printable } from './quote.ts';
import { UnreadableReport } from './report.ts';

const MOST_DEPTH = 100;
/** A report of 100 000 vulnerabilities has about 1.5 million. */
const MOST_ELEMENTS = 4_000_000;
/** Different names of elements and attributes; CycloneDX has about 300. */
const MOST_NAMES = 2_000;
const MOST_NAME_LENGTH = 200;

interface OpenElement {
  readonly name: string;
  /** Its attributes and children, once there is one. */
  members: Record<string, unknown> | undefined;
  text: string;
}

/** An error of XML that is well formed, and yet nothing that a report has. */
export const refused = (problem: string): UnreadableReport => new UnreadableReport(`the report's XML ${problem}`);

/** The names of a document without their prefixes, each worked out once. */
const localNames = (): ((name: string) => string) => {
  const known = new Map<string, string>();
  return (name) => {
    const local = known.get(name);
    if (local !== undefined) return local;
    if (known.size >= MOST_NAMES) throw refused(`has more than ${MOST_NAMES} different names`);
    if (name.length > MOST_NAME_LENGTH) throw refused(`has a name longer than ${MOST_NAME_LENGTH} characters`);
    const bare = name.slice(name.indexOf(':') + 1) || name;
    // As a key it would not be a member but the prototype of all.
    if (bare === '__proto__') throw refused('has something named __proto__');
    known.set(name, bare);
    return bare;
  };
};

const isSpace = (unit: number): boolean => unit === 0x20 || unit === 0x0a || unit === 0x09 || unit === 0x0d;

/** Without white space around it. Not by a pattern: those go back and forth on long runs of blanks. */
const trimmed = (text: string): string => {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
};

const addMember = (members: Record<string, unknown>, key: string, value: unknown): void => {
  const before = Object.hasOwn(members, key) ? members[key] : undefined;
  if (before === undefined) members[key] = value;
  else if (Array.isArray(before)) before.push(value);
  else members[key] = [before, value];
};

const elementValue = ({ members, text }: OpenElement): unknown => {
  const own = trimmed(text);
  if (members === undefined) return own;
  if (own !== '') members['#text'] = own;
  return members;
};

/** A document that grows part by part, in their order. */
export interface DocumentBuilder {
  readonly opens: (tagName: string, attributes: Readonly<Record<string, string>>) => void;
  readonly says: (text: string) => void;
  readonly closes: () => void;
  readonly document: () => JsonObject;
}

const membersOf = (
  attributes: Readonly<Record<string, string>>,
  localName: (name: string) => string,
): OpenElement['members'] => {
  let members: OpenElement['members'];
  for (const attribute in attributes) {
    const key = `-${localName(attribute)}`;
    members ??= {};
    if (members[key] !== undefined) throw refused(`has two attributes ${printable(key.slice(1))} in one element`);
    members[key] = attributes[attribute];
  }
  return members;
};

/** Builds a document; throws `UnreadableReport` where it grows out of bounds. */
export const documentBuilder = (): DocumentBuilder => {
  const document: { members: OpenElement['members'] } = { members: undefined };
  const open: OpenElement[] = [];
  const localName = localNames();
  let elements = 0;
  return {
    opens: (tagName, attributes) => {
      elements += 1;
      if (elements > MOST_ELEMENTS) throw refused(`has more than ${MOST_ELEMENTS} elements`);
      if (open.length >= MOST_DEPTH) throw refused(`nests deeper than ${MOST_DEPTH} elements`);
      open.push({ name: localName(tagName), members: membersOf(attributes, localName), text: '' });
    },
    says: (text) => {
      const element = open.at(-1);
      // Most texts are the blanks between elements.
      if (element !== undefined && (element.text !== '' || trimmed(text) !== '')) element.text += text;
    },
    closes: () => {
      const element = open.pop();
      if (element === undefined) return;
      const parent = open.at(-1) ?? document;
      parent.members ??= {};
      addMember(parent.members, element.name, elementValue(element));
    },
    document: () => document.members ?? {},
  };
};
