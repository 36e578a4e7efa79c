/** Generated CloudEvents, good and bad, and the messages that carry them in each mode. */
import fc from 'fast-check';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { HttpMessage } from '../../shared/events/message.ts';

/** What the type system of CloudEvents forbids in a String; the rest of it has no generator here. */
const FORBIDDEN = /[\p{Cc}\p{Noncharacter_Code_Point}]/u;

/** Any text that an attribute may hold. */
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.constantFrom('%', '%41', '%zz', '%ff', 'a%20b', ' spaces around ', '"quoted"', 'ä/ö?ü', '🦀', '__proto__'),
  )
  .filter((value) => !FORBIDDEN.test(value));

const time = fc
  .tuple(fc.integer({ min: -62_000_000_000, max: 250_000_000_000 }), fc.constantFrom('Z', '.5Z', '+00:00', '-23:59'))
  .map(([seconds, suffix]) => new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, suffix));

/** Names of extensions, also such as mean something to the language or to a library. */
const extensionName = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{1,20}$/),
  fc.constantFrom(
    'constructor',
    'validate',
    'emit',
    'tojson',
    'traceparent',
    'body',
    'data64',
    'headers',
    'schemaurl',
    'datacontentencoding',
  ),
);

const integer = fc.oneof(fc.integer(), fc.constantFrom(0, -0, 2 ** 31 - 1, -(2 ** 31)));

const extensionValue = fc.oneof(text, fc.constant(''), fc.boolean(), integer);

const dataObject: fc.Arbitrary<JsonObject> = fc.dictionary(
  fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', 'id', 'data')),
  fc.jsonValue({ noUnicodeString: false }),
  { maxKeys: 4 },
);

const asBase64 = (data: unknown): string => Buffer.from(JSON.stringify(data)).toString('base64');

/** `data` in each shape that it may have. */
const data: fc.Arbitrary<JsonObject> = fc.oneof(
  dataObject.map((object) => ({ data: object })),
  dataObject.map((object) => ({ data: JSON.stringify(object) })),
  dataObject.map((object) => ({ data_base64: asBase64(object) })),
  dataObject.map((object) => ({ data_base64: asBase64(JSON.stringify(object)) })),
);

const jsonType = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON;charset="UTF-8"',
  'application/vnd.example+json',
  'text/json',
);

const attributes = fc.record(
  {
    specversion: fc.constant('1.0'),
    id: text,
    source: text,
    type: text,
    subject: text,
    time,
    dataschema: text,
    datacontenttype: jsonType,
  },
  { requiredKeys: ['specversion', 'id', 'source', 'type'] },
);

/** A good event as JSON has it. */
export const goodEvents: fc.Arbitrary<JsonObject> = fc
  .tuple(fc.dictionary(extensionName, extensionValue, { maxKeys: 4 }), attributes, data)
  .map((parts): JsonObject => Object.assign({}, ...parts));

const anyName = fc.oneof(
  fc.constantFrom('specversion', 'id', 'source', 'type', 'subject', 'time', 'dataschema', 'datacontenttype'),
  fc.constantFrom('data', 'data_base64', 'Upper', 'under_score', 'ü', '', '__proto__'),
  extensionName,
);

const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ noUnicodeString: false }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '0.3', '2026-02-30T00:00:00Z', 'text/xml', 'a\u0000b', '\ud800', 'x'.repeat(2_049), 1.5, '===='),
  fc.constantFrom(2 ** 31, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER, 1e300, 'base64', '\ufdd0', 'a\u{1ffff}', '%c0%a0'),
  fc.constantFrom(asBase64([]), Buffer.from([0xff]).toString('base64'), '"5"', '"\\"{}\\""', '[]', '{'),
);

/** An event of which something was changed or taken away, so that it may be bad. */
export const anyEvents: fc.Arbitrary<JsonObject> = fc
  .tuple(goodEvents, fc.array(fc.tuple(anyName, fc.option(anyValue, { nil: undefined })), { maxLength: 2 }))
  .map(([event, changes]) =>
    Object.fromEntries(
      [...Object.entries(event), ...changes].reduce((map, [name, value]) => map.set(name, value), new Map()),
    ),
  );

export const structuredMessage = (event: unknown): HttpMessage => ({
  headers: [['Content-Type', 'application/cloudevents+json']],
  body: JSON.stringify(event) ?? '',
});

export const batchMessage = (events: readonly unknown[]): HttpMessage => ({
  headers: [['Content-Type', 'application/cloudevents-batch+json']],
  body: JSON.stringify(events),
});

/** What looks like encoded bytes beyond ASCII, and so is refused where those are no UTF-8. */
const LOOKS_ENCODED = /%[89a-f][\da-f]/i;

const headerText = (value: unknown, isEncoded: boolean): string => {
  const written = typeof value === 'string' ? value : String(JSON.stringify(value));
  const encodes = isEncoded || LOOKS_ENCODED.test(written);
  return encodes && written.isWellFormed() ? encodeURIComponent(written) : written;
};

/** The event as headers and a body; where `isEncoded`, all values are percent-encoded as the binding asks. */
export const binaryMessage = (event: JsonObject, isEncoded = true): HttpMessage => {
  const { data: object, data_base64: base64, datacontenttype, ...others } = event;
  return {
    headers: [
      ...Object.entries(others)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [`ce-${name}`, headerText(value, isEncoded)] as const),
      ['Content-Type', typeof datacontenttype === 'string' ? datacontenttype : 'application/json'] as const,
    ],
    body: typeof base64 === 'string' ? Buffer.from(base64, 'base64') : (JSON.stringify(object) ?? ''),
  };
};
