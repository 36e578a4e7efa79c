/**
 * The raw message, checked before anybody interprets it: the HTTP binding of CloudEvents in its three modes.
 *
 * This check suffices where there is no HTTP; `http.ts` reads the same message with the CloudEvents SDK on top.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { checkCharset, type Event, isJsonType, knownText, mediaType, readEvent } from './event.ts';
import { decodeUtf8, parseJson } from './json.ts';
import { Rejected } from './rejected.ts';

/** Bytes of a body, 1 MiB. */
export const MAX_BODY = 1_048_576;
export const MAX_BATCH = 1_000;

/** A message as it arrived: header names and values as they stood, a header repeated where it was repeated. */
export interface HttpMessage {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | string;
}

/** Headers as Node gives and recordings keep them, names and values in turn, as pairs. */
export const headerPairs = (raw: readonly string[]): HttpMessage['headers'] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));

export type Mode = 'binary' | 'structured' | 'batch';

/** One event of a message: read, or what is wrong with it and what it says of itself nevertheless. */
export type ReadResult = { readonly event: Event } | ({ readonly rejected: Rejected } & Known);

/** What is known of a message or event that cannot be read. */
export interface Known {
  readonly id?: string;
  readonly type?: string;
}

/** The attributes and `data` of each event of a message, not yet checked. */
export interface Envelopes {
  readonly mode: Mode;
  readonly envelopes: readonly unknown[];
}

/** Turns one envelope into an event; throws `Rejected`. */
export type EventReader = (envelope: JsonObject, mode: Mode) => Event;

const SINGLE_HEADERS = /^(?:ce-.*|content-type)$/;

/** Headers by lower-case name. Throws `Rejected` where one that may stand once says two things. */
const headerMap = (headers: HttpMessage['headers']): ReadonlyMap<string, string> => {
  const map = new Map<string, string>();
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    const known = map.get(name);
    if (known !== undefined && known !== value && SINGLE_HEADERS.test(name)) {
      throw new Rejected(name.slice(0, 64), 'the header stands twice, with two values');
    }
    map.set(name, value);
  }
  return map;
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Node reads each byte of a header as one character; where a sender wrote UTF-8 unencoded, these are put together. */
const asUnicode = (value: string): string => {
  if (!/[\u0080-\u00ff]/.test(value) || /[\u0100-\uffff]/.test(value)) return value;
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
};

/** A quoted string (RFC 7230 §3.2.6); or, so that nothing is read twice, all that follows a quote never closed. */
const QUOTED = /"((?:[^"\\]|\\.)*)(?:(")|\\?$)/gs;
const PERCENT_ENCODED = /(?:%[\da-f]{2})+/gi;

/**
 * Undoes quotes, then percent-encoding, of a header's value (HTTP binding §3.1.3.2), each once; what is neither stands
 * for itself. Throws `Rejected` where what is encoded is no UTF-8.
 */
const decodeHeader = (name: string, value: string): string => {
  if (!/[%"\u0080-\uffff]/.test(value)) return value;
  const unquoted = asUnicode(value).replace(QUOTED, (all, text: string, end?: string) =>
    end === undefined ? all : text.replace(/\\(.)/gs, '$1'),
  );
  try {
    return unquoted.replace(PERCENT_ENCODED, decodeURIComponent);
  } catch (cause) {
    throw new Rejected(name.slice(0, 64), 'must be percent-encoded UTF-8', { cause });
  }
};

/** What the body and its content type tell; a header may say it again, but nothing else. */
const checkHeldElsewhere = (attributes: JsonObject, contentType: string | undefined): void => {
  for (const name of ['data', 'data_base64']) {
    if (name in attributes) throw new Rejected(`ce-${name}`, 'must not be a header: the body is the data');
  }
  const { datacontenttype: named } = attributes;
  if (typeof named === 'string' && mediaType(named) !== (mediaType(contentType ?? '') || 'application/json')) {
    throw new Rejected('ce-datacontenttype', 'must not contradict content-type');
  }
};

/** The body stays a text: what is wrong in it is told with the `id` that the headers give. */
const binaryEnvelope = (headers: ReadonlyMap<string, string>, body: string): JsonObject => {
  const attributes: JsonObject = Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith('ce-'))
      .map(([name, value]) => [name.slice('ce-'.length), decodeHeader(name, value)]),
  );
  const contentType = headers.get('content-type');
  checkHeldElsewhere(attributes, contentType);
  return { ...attributes, datacontenttype: contentType, data: body };
};

const readBatch = (body: string): Envelopes => {
  const batch = parseJson(body, 'body');
  if (!Array.isArray(batch)) throw new Rejected('body', 'must be an array of events');
  if (batch.length > MAX_BATCH)
    throw new Rejected('body', `must not hold more than ${MAX_BATCH} events`, { status: 413 });
  return { mode: 'batch', envelopes: batch };
};

/**
 * An exporter's webhook with a `layout` sends structured events as plain `application/json`, and without `ce-` headers:
 * what has a `specversion` inside is one.
 */
const readPlainJson = (body: string): Envelopes => {
  const envelope = parseJson(body, 'body');
  if (isJsonObject(envelope) && envelope.specversion !== undefined)
    return { mode: 'structured', envelopes: [envelope] };
  throw new Rejected('ce-id', 'the header is required, or a body in structured mode');
};

const bodyText = (body: HttpMessage['body']): string => {
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (bytes > MAX_BODY) throw new Rejected('body', `must not be larger than ${MAX_BODY} bytes`, { status: 413 });
  if (typeof body !== 'string') return decodeUtf8(body, 'body');
  if (!body.isWellFormed()) throw new Rejected('body', 'must be UTF-8');
  // Decoding bytes takes a byte order mark away; a text may have been decoded by somebody who leaves it.
  return body.startsWith('\ufeff') ? body.slice(1) : body;
};

const isBinary = (headers: ReadonlyMap<string, string>): boolean =>
  headers.keys().some((name) => name.startsWith('ce-'));

/** Tells the mode of a message and takes its events apart. Throws `Rejected` where the whole message is wrong. */
export const readEnvelopes = (message: HttpMessage): Envelopes => {
  const headers = headerMap(message.headers);
  const contentType = headers.get('content-type') ?? '';
  checkCharset(contentType, 'content-type');
  const type = mediaType(contentType);
  const body = bodyText(message.body);
  if (type === 'application/cloudevents-batch+json') return readBatch(body);
  if (type === 'application/cloudevents+json') return { mode: 'structured', envelopes: [parseJson(body, 'body')] };
  const binary = isBinary(headers);
  // The prefix is an event format's, whatever `ce-` headers say (HTTP binding §3): this is one that we cannot read.
  const isOtherFormat = type.startsWith('application/cloudevents');
  if (isOtherFormat || !(isJsonType(type) || (binary && type === ''))) {
    throw new Rejected('content-type', 'must be a JSON or CloudEvents media type', { status: 415 });
  }
  return binary ? { mode: 'binary', envelopes: [binaryEnvelope(headers, body)] } : readPlainJson(body);
};

const knownOf = (envelope: unknown): Known => {
  if (!isJsonObject(envelope)) return {};
  const id = knownText(envelope.id);
  const type = knownText(envelope.type);
  return { ...(id !== undefined && { id }), ...(type !== undefined && { type }) };
};

/** What the headers say of a message that is wrong as a whole: in binary mode its `id` and `type`. */
export const knownOfHeaders = (headers: HttpMessage['headers']): Known => {
  const value = (wanted: string): string | undefined => {
    const [, text] = headers.find(([name]) => name.toLowerCase() === wanted) ?? [];
    try {
      return text === undefined ? undefined : decodeHeader(wanted, text);
    } catch {
      return undefined;
    }
  };
  return knownOf({ id: value('ce-id'), type: value('ce-type') });
};

/** The event of one envelope, or what is wrong with it. */
export const readEnvelope = (envelope: unknown, mode: Mode, reader: EventReader): ReadResult => {
  try {
    if (!isJsonObject(envelope)) throw new Rejected('body', 'must be an object');
    return { event: reader(envelope, mode) };
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return { rejected: error, ...knownOf(envelope) };
  }
};

/** The reader that needs no SDK. */
export const plainReader: EventReader = (envelope) => readEvent(envelope);
