/** The raw message: every way in which it can be wrong has its answer, naming the field. */
import { describe, expect, it } from '@jest/globals';
import { httpReader } from '../../shared/events/http.ts';
import {
  type EventReader,
  type HttpMessage,
  MAX_BATCH,
  MAX_BODY,
  plainReader,
  readEnvelope,
  readEnvelopes,
} from '../../shared/events/message.ts';
import { Rejected } from '../../shared/events/rejected.ts';

const EVENT = { specversion: '1.0', id: 'e-1', source: '/here', type: 'some.type' };
const HEADERS: readonly (readonly [string, string])[] = [
  ['Ce-Specversion', '1.0'],
  ['Ce-Id', 'e-1'],
  ['Ce-Source', '/here'],
  ['Ce-Type', 'some.type'],
];

const binary = (more: HttpMessage['headers'], body: HttpMessage['body'] = '{"a":1}'): HttpMessage => ({
  headers: [...HEADERS, ...more],
  body,
});
const typed = (type: string, body: unknown): HttpMessage => ({
  headers: [['Content-Type', type]],
  body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
});
const structured = (body: unknown): HttpMessage => typed('application/cloudevents+json', body);

/** The first event of a message, or `STATUS FIELD: problem (id)`. */
const read = (message: HttpMessage, reader: EventReader): unknown => {
  try {
    const { mode, envelopes } = readEnvelopes(message);
    const result = readEnvelope(envelopes[0], mode, reader);
    if ('event' in result) return { mode, ...result.event };
    return `${result.rejected.status} ${result.rejected.message}${result.id === undefined ? '' : ` (${result.id})`}`;
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return `${error.status} ${error.message}`;
  }
};

describe.each([
  ['our check alone', plainReader],
  ['our check and the SDK', httpReader],
])('a message, read by %s', (_, reader) => {
  const json = (more: HttpMessage['headers'] = [], body?: string): HttpMessage =>
    binary([['Content-Type', 'application/json'], ...more], body);

  it.each<[string, HttpMessage, object]>([
    [
      'binary mode',
      json(),
      { mode: 'binary', id: 'e-1', source: '/here', type: 'some.type', data: { a: 1 }, extensions: {} },
    ],
    ['binary mode without a content type', binary([]), { mode: 'binary', data: { a: 1 } }],
    ['a charset parameter', binary([['content-type', 'Application/JSON; charset="UTF-8"']]), { data: { a: 1 } }],
    ['another JSON media type', binary([['content-type', 'application/vnd.kubernetes+json']]), { data: { a: 1 } }],
    ['the same header twice', json([['Ce-Id', 'e-1']]), { id: 'e-1' }],
    [
      'percent-encoding in headers',
      json([
        ['Ce-Subject', 'caf%C3%A9 %22a%22'],
        ['Ce-Note', '100%'],
      ]),
      { subject: 'café "a"', extensions: { note: '100%' } },
    ],
    ['a header that was read as Unicode already', json([['Ce-Subject', 'Ã© €']]), { subject: 'Ã© €' }],
    ['white space around the body', json([], ' \n{"a":1}\n'), { data: { a: 1 } }],
    ['data as a JSON string', json([], JSON.stringify('{"a":1}')), { data: { a: 1 } }],
    [
      'structured mode',
      structured({ ...EVENT, data: { a: 1 }, traceparent: '00-a', flag: true, number: 7, gone: null }),
      { mode: 'structured', data: { a: 1 }, extensions: { traceparent: '00-a', flag: true, number: 7 } },
    ],
    [
      'structured mode with a charset',
      typed('application/cloudevents+json; charset=utf-8', { ...EVENT, data: {} }),
      { mode: 'structured' },
    ],
    [
      "structured mode sent as plain JSON, as an exporter's layout does",
      typed('application/json', { ...EVENT, data: '{"a":1}' }),
      { mode: 'structured', data: { a: 1 } },
    ],
    [
      'base64 data',
      structured({ ...EVENT, data_base64: Buffer.from('{"a":1}').toString('base64') }),
      { data: { a: 1 } },
    ],
    [
      'a byte order mark',
      typed('application/cloudevents+json', Buffer.from(`\ufeff${JSON.stringify({ ...EVENT, data: {} })}`)),
      { id: 'e-1' },
    ],
    [
      'time and subject',
      structured({ ...EVENT, time: '2026-11-23T05:51:52.123+01:00', subject: 's', data: {} }),
      { time: '2026-11-23T05:51:52.123+01:00', subject: 's' },
    ],
    ['batch mode', typed('application/cloudevents-batch+json', [{ ...EVENT, data: {} }]), { mode: 'batch', id: 'e-1' }],
  ])('takes %s', (__, message, event) => {
    expect(read(message, reader)).toMatchObject(event);
  });

  const nested = (depth: number): string => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;

  it.each<[string, HttpMessage, string]>([
    ['no id', structured({ ...EVENT, id: undefined, data: {} }), '400 id: is required'],
    ['an empty id', structured({ ...EVENT, id: '', data: {} }), '400 id: must not be empty'],
    ['an id of the wrong type', structured({ ...EVENT, id: 7, data: {} }), '400 id: must be a string'],
    ['a null source', structured({ ...EVENT, source: null, data: {} }), '400 source: is required (e-1)'],
    ['an empty type', structured({ ...EVENT, type: '', data: {} }), '400 type: must not be empty (e-1)'],
    [
      'another specversion',
      structured({ ...EVENT, specversion: '0.3', data: {} }),
      '400 specversion: must be 1.0 (e-1)',
    ],
    [
      'a time that is none',
      structured({ ...EVENT, time: 'now', data: {} }),
      '400 time: must be an RFC 3339 date-time (e-1)',
    ],
    [
      'a control character',
      structured({ ...EVENT, subject: 'a\u0000b', data: {} }),
      '400 subject: must not contain control characters, lone surrogates or noncharacters (e-1)',
    ],
    [
      'a lone surrogate',
      structured({ ...EVENT, subject: 'a\ud800', data: {} }),
      '400 subject: must not contain control characters, lone surrogates or noncharacters (e-1)',
    ],
    [
      'a huge attribute',
      structured({ ...EVENT, source: 'x'.repeat(3_000), data: {} }),
      '400 source: must not be longer than 2048 characters (e-1)',
    ],
    [
      'an extension with capitals',
      structured({ ...EVENT, myExtension: 'x', data: {} }),
      '400 myExtension: attribute names are made of a-z and 0-9 (e-1)',
    ],
    [
      'an extension that is an object',
      structured({ ...EVENT, extension: {}, data: {} }),
      '400 extension: must be a string, a boolean, or an integer of 32 bits (e-1)',
    ],
    [
      'data that is no object',
      structured({ ...EVENT, data: [1] }),
      '400 data: must be an object, or a string that holds one as JSON (e-1)',
    ],
    ['no data', structured(EVENT), '400 data: must be an object, or a string that holds one as JSON (e-1)'],
    ['data that is text', structured({ ...EVENT, data: 'text' }), '400 data: must be JSON (e-1)'],
    [
      'data twice',
      structured({ ...EVENT, data: {}, data_base64: 'e30=' }),
      '400 data_base64: must not stand beside data (e-1)',
    ],
    [
      'base64 that is none',
      structured({ ...EVENT, data_base64: '*' }),
      '400 data_base64: must be a base64 string (e-1)',
    ],
    [
      'base64 of bytes that are not UTF-8',
      structured({ ...EVENT, data_base64: '/w==' }),
      '400 data_base64: must be UTF-8 (e-1)',
    ],
    [
      'data of another type',
      structured({ ...EVENT, datacontenttype: 'text/xml', data: '<a/>' }),
      '415 datacontenttype: must be a JSON media type (e-1)',
    ],
    ['an event that is no object', structured([EVENT]), '400 body: must be an object'],
    ['a body that is no JSON', structured('{'), '400 body: must be JSON'],
    ['a body in binary mode that is no JSON', json([], '{'), '400 data: must be JSON (e-1)'],
    ['no body in binary mode', json([], ''), '400 data: must be JSON (e-1)'],
    [
      'another charset',
      binary([['content-type', 'application/json; charset=latin1']]),
      '415 content-type: the charset must be utf-8',
    ],
    [
      'another media type',
      binary([['content-type', 'text/plain']]),
      '415 content-type: must be a JSON or CloudEvents media type',
    ],
    ['no media type at all', { headers: [], body: '{}' }, '415 content-type: must be a JSON or CloudEvents media type'],
    [
      'plain JSON that is no event',
      typed('application/json', { a: 1 }),
      '400 ce-id: the header is required, or a body in structured mode',
    ],
    ['a header that says two things', json([['ce-id', 'e-2']]), '400 ce-id: the header stands twice, with two values'],
    [
      'two content types',
      json([['content-type', 'text/plain']]),
      '400 content-type: the header stands twice, with two values',
    ],
    [
      'a body that is not UTF-8',
      typed('application/cloudevents+json', Buffer.from([0x7b, 0xff, 0x7d])),
      '400 body: must be UTF-8',
    ],
    ['a text that is not well-formed', structured('{"a":"\ud800"}'), '400 body: must be UTF-8'],
    [
      'a body over the limit',
      structured(Buffer.alloc(MAX_BODY + 1, ' ')),
      '413 body: must not be larger than 1048576 bytes',
    ],
    [
      'a text over the limit',
      structured('é'.repeat(MAX_BODY / 2 + 1)),
      '413 body: must not be larger than 1048576 bytes',
    ],
    ['deep nesting', structured(nested(65)), '400 body: nests deeper than 64 levels'],
    ['deep nesting in data', json([], nested(65)), '400 data: nests deeper than 64 levels (e-1)'],
    [
      'deep nesting in a string',
      structured({ ...EVENT, data: nested(65) }),
      '400 data: nests deeper than 64 levels (e-1)',
    ],
    [
      'a batch that is none',
      typed('application/cloudevents-batch+json', EVENT),
      '400 body: must be an array of events',
    ],
    [
      'a batch with something else in it',
      typed('application/cloudevents-batch+json', [7]),
      '400 body: must be an object',
    ],
    [
      'too large a batch',
      typed(
        'application/cloudevents-batch+json',
        Array.from({ length: MAX_BATCH + 1 }, () => 0),
      ),
      '413 body: must not hold more than 1000 events',
    ],
  ])('rejects %s', (__, message, answer) => {
    expect(read(message, reader)).toBe(answer);
  });

  it.each([
    ['quotes never closed', '\\"'.repeat(MAX_BODY / 2)],
    ['quotes', '"'.repeat(MAX_BODY)],
    ['backslashes', `"${'\\'.repeat(MAX_BODY)}`],
    ['encoded bytes', '%41'.repeat(MAX_BODY / 3)],
  ])('reads a header of many %s once', (__, value) => {
    const long = '400 subject: must not be longer than 2048 characters (e-1)';
    expect([long, '400 subject: must not be empty (e-1)']).toContain(read(json([['Ce-Subject', value]]), reader));
  });

  it('takes what nests exactly as deep as allowed, and brackets within strings for what they are', () => {
    expect(read(json([], nested(64)), reader)).toMatchObject({ id: 'e-1' });
    const many = JSON.stringify({ text: '[{"\\"'.repeat(100), lists: Array.from({ length: 100 }, () => []) });
    expect(read(json([], many), reader)).toMatchObject({ id: 'e-1' });
  });
});
