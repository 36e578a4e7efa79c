/**
 * One CloudEvent, checked attribute by attribute before anything else reads it.
 *
 * Nothing is made up: an event without `id` is rejected, not given one.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes
 */
import { parseInstant } from '../conditions/instant.ts';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { decodeUtf8, parseJson } from './json.ts';
import { Rejected } from './rejected.ts';

export interface Event {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly specversion: '1.0';
  readonly time?: string;
  readonly subject?: string;
  readonly data: JsonObject;
  /** Attributes that the specification does not name, such as `traceparent`. */
  readonly extensions: Readonly<Record<string, string | number | boolean>>;
}

/** The bound on any attribute, in characters: enough for a URL, too little to flood a log. */
const MAX_ATTRIBUTE = 2_048;

const MAX_KNOWN = 256;

const REQUIRED = ['id', 'source', 'specversion', 'type'] as const;
const OPTIONAL = ['datacontenttype', 'dataschema', 'subject', 'time'] as const;
const KNOWN = new Set<string>([...REQUIRED, ...OPTIONAL, 'data', 'data_base64']);
const EXTENSION_NAME = /^[a-z0-9]+$/;
/** What no String holds: control characters, lone surrogates, and noncharacters (§ Type System). */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
/** A subtype that is `json` or ends with `+json` (JSON format §3.1.1). */
const JSON_TYPE = /^[\w.!#$&^+-]+\/(?:[\w.!#$&^+-]+\+)?json$/;
const CHARSETS: readonly (string | undefined)[] = [undefined, 'utf-8', 'utf8', 'us-ascii'];
/** The bounds of an Integer (§ Type System), which has 32 bits. */
const MIN_INTEGER = -(2 ** 31);
const MAX_INTEGER = 2 ** 31 - 1;

/** The media type without its parameters, in lower case. */
export const mediaType = (contentType: string): string =>
  contentType === 'application/json' ? contentType : (contentType.split(';')[0] ?? '').trim().toLowerCase();

/** Throws `Rejected` (415) where the parameters name another charset than UTF-8. */
export const checkCharset = (contentType: string, field: string): void => {
  if (!contentType.includes(';')) return;
  const [, ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  for (const parameter of parameters) {
    const charset = /^charset\s*=\s*"?([^"]*)"?$/.exec(parameter)?.[1];
    if (!CHARSETS.includes(charset)) throw new Rejected(field, 'the charset must be utf-8', { status: 415 });
  }
};

export const isJsonType = (type: string): boolean => JSON_TYPE.test(type);

const checkText = (name: string, value: unknown): string => {
  if (typeof value !== 'string') throw new Rejected(name, 'must be a string');
  if (value === '') throw new Rejected(name, 'must not be empty');
  if (value.length > MAX_ATTRIBUTE) throw new Rejected(name, `must not be longer than ${MAX_ATTRIBUTE} characters`);
  if (FORBIDDEN.test(value)) {
    throw new Rejected(name, 'must not contain control characters, lone surrogates or noncharacters');
  }
  return value;
};

const isSet = (value: unknown): boolean => value !== undefined && value !== null;

const checkDataType = ({ datacontenttype: type, data_base64: base64 }: JsonObject): void => {
  if (typeof type !== 'string') return;
  // Of `data`, the text is Unicode already, whatever the charset was (JSON format §3.1.2); base64 keeps the bytes.
  if (isSet(base64)) checkCharset(type, 'datacontenttype');
  if (!isJsonType(mediaType(type))) {
    throw new Rejected('datacontenttype', 'must be a JSON media type', { status: 415 });
  }
};

/** Throws the first rule that the attributes break, naming the attribute. */
const checkContext = (attributes: JsonObject): void => {
  for (const name of REQUIRED) {
    if (!isSet(attributes[name])) throw new Rejected(name, 'is required');
    checkText(name, attributes[name]);
  }
  if (attributes.specversion !== '1.0') throw new Rejected('specversion', 'must be 1.0');
  for (const name of OPTIONAL) if (isSet(attributes[name])) checkText(name, attributes[name]);
  if (typeof attributes.time === 'string' && parseInstant(attributes.time) === undefined) {
    throw new Rejected('time', 'must be an RFC 3339 date-time');
  }
  checkDataType(attributes);
};

const isInteger = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= MIN_INTEGER && (value as number) <= MAX_INTEGER;

/** The value of an extension: a Boolean, an Integer, or a String, which is how JSON has all the other types. */
const extensionValue = (name: string, value: unknown): string | number | boolean => {
  if (!EXTENSION_NAME.test(name))
    throw new Rejected(name.slice(0, 64) || '""', 'attribute names are made of a-z and 0-9');
  if (typeof value === 'boolean' || isInteger(value)) return value;
  if (typeof value !== 'string') throw new Rejected(name, 'must be a string, a boolean, or an integer of 32 bits');
  return value === '' ? '' : checkText(name, value);
};

const extensionsOf = (attributes: JsonObject): Event['extensions'] => {
  const extensions: Record<string, string | number | boolean> = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (!KNOWN.has(name) && isSet(value)) extensions[name] = extensionValue(name, value);
  }
  return extensions;
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const decodeBase64 = (value: unknown): unknown => {
  if (typeof value !== 'string' || !BASE64.test(value)) throw new Rejected('data_base64', 'must be a base64 string');
  return parseJson(decodeUtf8(Buffer.from(value, 'base64'), 'data_base64'), 'data_base64');
};

const parseText = (value: unknown): unknown => (typeof value === 'string' ? parseJson(value, 'data') : value);

/**
 * `data` as an object. A string is read as the JSON it holds, and once more: a body in binary mode is a text, and an
 * exporter's layout can only make strings of an object.
 */
const dataOf = ({ data, data_base64: base64 }: JsonObject): JsonObject => {
  if (isSet(data) && isSet(base64)) throw new Rejected('data_base64', 'must not stand beside data');
  const object = parseText(parseText(isSet(base64) ? decodeBase64(base64) : data));
  if (!isJsonObject(object)) throw new Rejected('data', 'must be an object, or a string that holds one as JSON');
  return object;
};

/** Reads one event from its attributes and `data`. Throws `Rejected`, naming the attribute at fault. */
export const readEvent = (attributes: JsonObject): Event => {
  checkContext(attributes);
  const { id, source, type, time, subject } = attributes as Readonly<Record<string, string | undefined>>;
  return {
    id: id as string,
    source: source as string,
    type: type as string,
    specversion: '1.0',
    ...(isSet(time) && { time: time as string }),
    ...(isSet(subject) && { subject: subject as string }),
    data: dataOf(attributes),
    extensions: extensionsOf(attributes),
  };
};

/** An attribute of an event that may be malformed, for the answer that names it; `undefined` where it is no text. */
export const knownText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, MAX_KNOWN) : undefined;
