/** One case of the CloudEvents specification: the paragraph that decides, a message, and what becomes of it. */
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Event } from '../../shared/events/event.ts';
import type { HttpMessage } from '../../shared/events/message.ts';

/** The event, where it differs from `READ`; or the answer's status and the field at fault, `400 id`. */
export type Expected = Partial<Event> | string;

/**
 * The paragraph of version 1.0.2 (`spec §id`, `json-format §2.2`, `http §3.1.3.2`), what it says, the message, what is
 * expected; and why, where that is `stricter: …` or `laxer: …` than the specification.
 */
export type Case = readonly [
  paragraph: string,
  says: string,
  message: HttpMessage,
  expected: Expected,
  differs?: string,
];

const EVENT = {
  specversion: '1.0',
  id: 'A234-1234-1234',
  source: '/mycontext/subcontext',
  type: 'com.example.someevent',
} as const;

const DATA = { message: 'Hello World!' };

/** The event that all messages here carry, but for what a case changes. */
export const READ: Event = { ...EVENT, data: DATA, extensions: {} };

/** The event as JSON has it; what is changed to `undefined` is left out. */
export const jsonEvent = (changes: JsonObject = {}): JsonObject => {
  const hasData = 'data' in changes || 'data_base64' in changes;
  return { ...EVENT, ...(!hasData && { data: DATA }), ...changes };
};

export const typed = (contentType: string, body: unknown): HttpMessage => ({
  headers: [['Content-Type', contentType]],
  body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
});

export const structured = (changes: JsonObject = {}, contentType = 'application/cloudevents+json'): HttpMessage =>
  typed(contentType, jsonEvent(changes));

export const batch = (events: readonly unknown[], contentType = 'application/cloudevents-batch+json'): HttpMessage =>
  typed(contentType, events);

/** Binary mode, its headers as they stand on the wire: those of the event, but for what is changed or, `undefined`, left out. */
export const binary = (
  changes: Readonly<Record<string, string | undefined>> = {},
  body: HttpMessage['body'] = JSON.stringify(DATA),
): HttpMessage => {
  const own = Object.entries(EVENT).map(([name, value]) => [`ce-${name}`, value] as const);
  const headers = { 'content-type': 'application/json', ...Object.fromEntries(own), ...changes };
  return {
    headers: Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
    body,
  };
};

/** The message with more headers, which may be there already. */
export const withHeaders = ({ headers, body }: HttpMessage, ...more: HttpMessage['headers']): HttpMessage => ({
  headers: [...headers, ...more],
  body,
});

/** Encodes what must be, and nothing else (http §3.1.3.2). */
export const percentEncoded = (text: string): string =>
  text.replace(/[^\u0021-\u007e]|["%]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );

const binaryOf = (attributes: JsonObject): HttpMessage =>
  binary(
    Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [
        `ce-${name}`,
        value === undefined ? undefined : percentEncoded(String(value)),
      ]),
    ),
  );

/** In binary mode every value is the text that its type is written as. */
const asTexts = (expected: Expected): Expected => {
  if (typeof expected === 'string' || expected.extensions === undefined) return expected;
  const texts = Object.entries(expected.extensions).map(([name, value]) => [name, String(value)] as const);
  return { ...expected, extensions: Object.fromEntries(texts) };
};

/** A case of attributes: what is changed in them in place of the message. */
export type AttributeCase = readonly [
  paragraph: string,
  says: string,
  attributes: JsonObject,
  expected: Expected,
  differs?: string,
];

/** The same in structured and batch mode, which can say what headers cannot: a type, or null. */
export const inJson = ([paragraph, says, attributes, expected, ...differs]: AttributeCase): readonly Case[] => [
  [paragraph, `${says}, in structured mode`, structured(attributes), expected, ...differs],
  [paragraph, `${says}, in batch mode`, batch([jsonEvent(attributes)]), expected, ...differs],
];

/** The same in all three modes. */
export const inEachMode = (one: AttributeCase): readonly Case[] => {
  const [paragraph, says, attributes, expected, ...differs] = one;
  return [...inJson(one), [paragraph, `${says}, in binary mode`, binaryOf(attributes), asTexts(expected), ...differs]];
};
