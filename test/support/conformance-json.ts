/** The cases of the JSON format: `data` in its shapes, and the object around it. */
import { MAX_BODY } from '../../shared/events/message.ts';
import {
  type AttributeCase,
  batch,
  type Case,
  inJson,
  jsonEvent,
  READ,
  structured,
  typed,
} from './conformance-case.ts';

const STRICTER_DATA = 'stricter: each type of event here tells of something, in an object';
const STRICTER_TYPE = 'stricter: no event here has anything but JSON to tell';
const LAXER_TEXT = "laxer: an exporter's layout can only write data as a text";

const asBase64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const OBJECT = JSON.stringify(READ.data);
const CAFE = { data: { name: 'café' } };

const contentTypes: readonly AttributeCase[] = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/vnd.example+json',
    'application/vnd.example.a+b+json',
    'text/json',
    'image/example+json;version=1',
  ].map((type): AttributeCase => ['json-format §3.1.1', `${type} declares JSON`, { datacontenttype: type }, {}]),
  [
    'json-format §3.1.2',
    'data is a JSON value, whatever the charset',
    { ...CAFE, datacontenttype: 'application/json; charset=iso-8859-1' },
    CAFE,
  ],
  ...['text/plain', 'application/xml', 'application/jsonl', 'application/xjson', 'application/json+xml'].map(
    (type): AttributeCase => [
      'json-format §3.1.2',
      `${type} declares no JSON`,
      { datacontenttype: type, data: OBJECT },
      '415 datacontenttype',
      STRICTER_TYPE,
    ],
  ),
  ...['xyz', '/json', 'application/', 'json', 'a b/json'].map(
    (type): AttributeCase => [
      'spec §datacontenttype',
      `${type} is not of RFC 2046`,
      { datacontenttype: type },
      '415 datacontenttype',
    ],
  ),
];

const data: readonly AttributeCase[] = [
  ['json-format §3.1.2', 'data is a JSON value', { data: { a: [1, { b: null }] } }, { data: { a: [1, { b: null }] } }],
  ['json-format §3.1.2', 'data may be empty', { data: {} }, { data: {} }],
  ...[5, 0, true, false, null, [], ['a'], '', '5', '"text"', 'null', '[]'].map(
    (value): AttributeCase => [
      'json-format §3.1.2',
      `data may be ${JSON.stringify(value)}`,
      { data: value },
      '400 data',
      STRICTER_DATA,
    ],
  ),
  ['json-format §3.1.2', 'data may be a text', { data: "I'm just a string" }, '400 data', STRICTER_DATA],
  ['json-format §3.1.2', 'a text is not deserialized', { data: OBJECT }, {}, LAXER_TEXT],
  ['spec §event-data', 'data is optional', { data: undefined }, '400 data', STRICTER_DATA],
  [
    'spec §datacontenttype',
    'it may stand without data',
    { data: undefined, datacontenttype: 'application/json' },
    '400 data',
    STRICTER_DATA,
  ],
];

const base64: readonly AttributeCase[] = [
  ['json-format §3.1.2', 'data_base64 holds bytes', { data_base64: asBase64(OBJECT) }, {}],
  [
    'json-format §3.1.2',
    'data_base64 is read by its type',
    { data_base64: asBase64('{"name":"café"}'), datacontenttype: 'application/json; charset=utf-8' },
    CAFE,
  ],
  [
    'json-format §3.1.2',
    'data_base64 in another charset',
    { data_base64: asBase64(Buffer.from('{"name":"café"}', 'latin1')), datacontenttype: 'text/json;charset=latin1' },
    '415 datacontenttype',
    'stricter: JSON between systems is UTF-8',
  ],
  ['json-format §3.1.2', 'bytes that are not UTF-8', { data_base64: '/w==' }, '400 data_base64', STRICTER_DATA],
  ['json-format §3.1.2', 'bytes that are no JSON', { data_base64: 'TWE=' }, '400 data_base64', STRICTER_DATA],
  ['json-format §3.1.2', 'no bytes at all', { data_base64: '' }, '400 data_base64', STRICTER_DATA],
  ...['e30', 'e30=\n', 'e3-_', '*', 'e30==', 7, {}, []].map(
    (value): AttributeCase => [
      'json-format §3.1.1',
      `${JSON.stringify(value)} is no base64`,
      { data_base64: value },
      '400 data_base64',
    ],
  ),
  [
    'json-format §3.1.1',
    'data and data_base64 exclude each other',
    { data: READ.data, data_base64: asBase64(OBJECT) },
    '400 data_base64',
  ],
  [
    'json-format §3.1.1',
    'data, null, and data_base64 exclude each other',
    { data: null, data_base64: asBase64(OBJECT) },
    {},
    'laxer: serializers write null for what is not set',
  ],
  ['json-format §2.2', 'data_base64 that is null is not set', { data: READ.data, data_base64: null }, {}],
];

const text = JSON.stringify(jsonEvent());
const large = { padding: 'x'.repeat(64 * 1_024) };

const bodies: readonly Case[] = [
  [
    'json-format §3',
    'white space means nothing',
    typed('application/cloudevents+json', ` \r\n${JSON.stringify(jsonEvent(), null, '\t')}\n`),
    {},
  ],
  ['json-format §3', 'a byte order mark may be ignored', typed('application/cloudevents+json', `\ufeff${text}`), {}],
  [
    'json-format §3',
    'a byte order mark may be ignored, in bytes',
    typed('application/cloudevents+json', Buffer.from(`\ufeff${text}`)),
    {},
  ],
  [
    'spec §context-attributes',
    'an attribute appears at most once',
    typed('application/cloudevents+json', text.replace('{', '{"id":"first",')),
    {},
    'laxer: of two members the last counts, as with any parser of JSON here',
  ],
  ...['', 'null', '5', '"text"', '[]', '{', `${text}}`, `[${text}]`].map(
    (body): Case => [
      'json-format §3',
      `${body.slice(0, 10)} is no object`,
      typed('application/cloudevents+json', body),
      '400 body',
    ],
  ),
  [
    'http §2.2',
    'JSON is UTF-8',
    typed('application/cloudevents+json', Buffer.from(text.replace('World', 'Wörld'), 'latin1')),
    '400 body',
  ],
  ['spec §size-limits', '64 KiB are accepted', structured({ data: large }), { data: large }],
  [
    'spec §size-limits',
    'as much as the consumer wants',
    structured({ data: { text: 'x'.repeat(MAX_BODY) } }),
    '413 body',
  ],
  [
    'spec §size-limits',
    'as many as the consumer wants',
    batch(Array.from({ length: 1_001 }, () => jsonEvent())),
    '413 body',
  ],
];

export const JSON_CASES: readonly Case[] = [...[...contentTypes, ...data, ...base64].flatMap(inJson), ...bodies];
