/** The cases of the HTTP binding's content types: which mode a message is in, and what its data is. */
import { batch, binary, type Case, jsonEvent, READ, structured, typed, withHeaders } from './conformance-case.ts';

const OBJECT = JSON.stringify(READ.data);

const modes: readonly Case[] = [
  ...['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8'].map(
    (type): Case => ['http §3.2.1', `${type} is structured`, structured({}, type), {}],
  ),
  ...['Application/CloudEvents+JSON', 'application/cloudevents+json;charset="UTF-8"'].map(
    (type): Case => ['http §3', `${type} is structured`, structured({}, type), {}],
  ),
  ...['application/cloudevents-batch+json', 'Application/CloudEvents-Batch+JSON; charset=UTF-8'].map(
    (type): Case => ['http §3.3.1', `${type} is a batch`, batch([jsonEvent()], type), {}],
  ),
  [
    'http §3.2.3',
    'in structured mode the payload counts, not the headers',
    withHeaders(structured(), ['ce-id', 'another'], ['ce-specversion', '0.3'], ['ce-ext', '%ff']),
    {},
  ],
  [
    'http §3',
    'an array in structured mode is no event',
    batch([jsonEvent()], 'application/cloudevents+json'),
    '400 body',
  ],
  ['http §3', 'an event in batch mode is no batch', structured({}, 'application/cloudevents-batch+json'), '400 body'],
  ...[
    'application/cloudevents',
    'application/cloudevents+xml',
    'application/cloudevents+avro',
    'application/cloudevents-batch',
    'application/cloudevents-batch+xml',
    'application/cloudevents-other+json',
    'application/cloudeventsother+json',
  ].flatMap((type): readonly Case[] => [
    ['http §3', `${type} is an event format of others`, structured({}, type), '415 content-type'],
    [
      'http §3',
      `${type} is an event format of others, whatever the headers say`,
      binary({ 'content-type': type }),
      '415 content-type',
    ],
  ]),
  [
    'http §3',
    'what has another type is binary, whatever its body looks like',
    binary({}, JSON.stringify(jsonEvent({ id: 'inner' }))),
    { data: jsonEvent({ id: 'inner' }) },
  ],
  [
    'http §3',
    'what has another type is binary',
    structured({}, 'application/json'),
    {},
    "laxer: an exporter's layout comes as plain JSON",
  ],
  ['http §3', 'it is no event without the required headers', typed('application/json', OBJECT), '400 ce-id'],
  ['http §3', 'it is no event without anything', { headers: [], body: OBJECT }, '415 content-type'],
];

const contentTypes: readonly Case[] = [
  ...['application/json', 'application/json; charset=utf-8', 'Text/JSON', 'application/vnd.example+json;v="1"'].map(
    (type): Case => ['http §3.1.1', `${type} is the datacontenttype`, binary({ 'content-type': type }), {}],
  ),
  ['http §3.1.1', 'without a type, it is JSON', binary({ 'content-type': undefined }), {}],
  ...['text/plain', 'application/xml', 'application/octet-stream', 'json'].map(
    (type): Case => [
      'http §3.1.1',
      `${type} is any type`,
      binary({ 'content-type': type }),
      '415 content-type',
      'stricter: no event here has anything but JSON to tell',
    ],
  ),
  [
    'http §2.2',
    'bytes are in the charset that is declared',
    binary({ 'content-type': 'application/json; charset=iso-8859-1' }),
    '415 content-type',
    'stricter: JSON between systems is UTF-8',
  ],
  [
    'http §3.1.1',
    'ce-datacontenttype must not stand beside another type',
    binary({ 'ce-datacontenttype': 'text/xml' }),
    '400 ce-datacontenttype',
  ],
  [
    'http §3.1.1',
    'ce-datacontenttype is not read in place of it',
    binary({ 'content-type': undefined, 'ce-datacontenttype': 'text/xml' }),
    '400 ce-datacontenttype',
  ],
  [
    'http §3.1.1',
    'ce-datacontenttype must not stand at all',
    binary({ 'ce-datacontenttype': 'Application/JSON' }),
    {},
    'laxer: it says nothing else',
  ],
  [
    'http §3.1.1',
    'ce-datacontenttype must not stand at all, without a type either',
    binary({ 'content-type': undefined, 'ce-datacontenttype': 'application/json' }),
    {},
    'laxer: it says nothing else',
  ],
  ['spec §naming-conventions', 'data is no attribute', binary({ 'ce-data': '{}' }), '400 ce-data'],
  ['http §3.1.2', 'the body is the data', binary({ 'ce-data_base64': 'e30=' }), '400 ce-data_base64'],
  ['http §3.1.2', 'the body is the data as it is', binary({}, Buffer.from('{"é":"é"}')), { data: { é: 'é' } }],
  [
    'http §3.1.2',
    'the data may be empty',
    binary({}, ''),
    '400 data',
    'stricter: each type of event here tells of something, in an object',
  ],
  [
    'http §3.1.2',
    'the body is a JSON text',
    binary({}, JSON.stringify(OBJECT)),
    {},
    "laxer: an exporter's layout can only write data as a text",
  ],
  ['http §3.1.2', 'the body is of its type', binary({}, '{'), '400 data'],
];

export const CONTENT_CASES: readonly Case[] = [...modes, ...contentTypes];
