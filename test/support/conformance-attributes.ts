/** The cases of the attributes that the specification names. */
import { type AttributeCase, type Case, inEachMode, inJson } from './conformance-case.ts';

const REQUIRED = ['id', 'source', 'specversion', 'type'];
const OPTIONAL = ['datacontenttype', 'dataschema', 'subject', 'time'];

const requiredInEachMode: readonly AttributeCase[] = REQUIRED.flatMap((name): readonly AttributeCase[] => [
  [`spec §${name}`, `${name} is required`, { [name]: undefined }, `400 ${name}`],
  [`spec §${name}`, `${name} must not be empty`, { [name]: '' }, `400 ${name}`],
]);

const requiredInJson: readonly AttributeCase[] = REQUIRED.flatMap((name): readonly AttributeCase[] => [
  ['json-format §2.2', `${name} that is null is not set`, { [name]: null }, `400 ${name}`],
  [`spec §${name}`, `${name} is no number`, { [name]: 25 }, `400 ${name}`],
  [`spec §${name}`, `${name} is no Boolean`, { [name]: true }, `400 ${name}`],
  [`spec §${name}`, `${name} is no object`, { [name]: { xyz: 'abc' } }, `400 ${name}`],
  [`spec §${name}`, `${name} is no array`, { [name]: ['1.0'] }, `400 ${name}`],
]);

const optionalInJson: readonly AttributeCase[] = [
  [
    'json-format §2.2',
    'optional attributes that are null are not set',
    Object.fromEntries(OPTIONAL.map((name) => [name, null])),
    {},
  ],
  ...OPTIONAL.flatMap((name): readonly AttributeCase[] => [
    [`spec §${name}`, `${name} must not be empty`, { [name]: '' }, `400 ${name}`],
    ['json-format §2.2', `${name} is no number`, { [name]: 5 }, `400 ${name}`],
    ['json-format §2.2', `${name} is no object`, { [name]: {} }, `400 ${name}`],
  ]),
];

const specversions = ['0.2', '0.3', '0.9', '1', '1.00', '1.0.2', '1.1', '2.0', ' 1.0', '1.0-rc1'].map(
  (specversion): AttributeCase => [
    'spec §specversion',
    `"${specversion}" is another version`,
    { specversion },
    '400 specversion',
  ],
);

const sources: readonly AttributeCase[] = [
  ...[
    'https://github.com/cloudevents',
    'mailto:cncf-wg-serverless@lists.cncf.io',
    'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
    '/cloudevents/spec/pull/123',
    '1-555-123-4567',
    '#fragment',
    '//authority/path?query#fragment',
    '/a%20b',
  ].map((source): AttributeCase => ['spec §source', `${source} is a URI-reference`, { source }, { source }]),
  ...['not a reference', 'http://[', '/ä', '%zz'].map(
    (source): AttributeCase => [
      'spec §source',
      `${source} is no URI-reference`,
      { source },
      { source },
      'laxer: nobody resolves a source; what a sender forgot to encode names it as well',
    ],
  ),
];

const texts: readonly AttributeCase[] = [
  ['spec §type', 'a prefix is only recommended', { type: 'some type' }, { type: 'some type' }],
  ['spec §subject', 'it is any text', { subject: 'café "latte", 100%' }, { subject: 'café "latte", 100%' }],
  ['spec §subject', 'it must not be empty', { subject: '' }, '400 subject'],
  ['spec §dataschema', 'it is a URI', { dataschema: 'https://cloudevents.io/dataschema' }, {}],
  ['spec §dataschema', 'it must not be empty', { dataschema: '' }, '400 dataschema'],
  ['spec §dataschema', 'it is absolute', { dataschema: '/schema' }, {}, 'laxer: nobody here fetches it'],
  ['spec §id', 'as long as an attribute may be', { id: 'i'.repeat(2_048) }, { id: 'i'.repeat(2_048) }],
  ['spec §id', 'any length', { id: 'i'.repeat(2_049) }, '400 id', 'stricter: what strangers send is bounded'],
];

const times: readonly AttributeCase[] = [
  ...[
    '2018-04-05T17:31:00Z',
    '2018-04-05T17:31:00.000000000Z',
    '1985-04-12T23:20:50.52Z',
    '2018-04-05T18:31:00+01:00',
    '1990-12-31T15:59:59-08:00',
    '2018-04-05T17:31:00-00:00',
    '2018-04-05t17:31:00z',
    '2018-04-05t18:31:00.5+01:00',
    '2024-02-29T00:00:00Z',
  ].map((time): AttributeCase => ['spec §time', `${time} is of RFC 3339`, { time }, { time }]),
  ...[
    'lunchtime',
    '2018-04-05',
    '2018-04-05T18:31Z',
    '2018-04-05T18:31:00',
    '2018-04-05T18:31:00X',
    '2018-04-05T18:31:00+25:00',
    '2018-04-05T18:31:00+01:60',
    '2018-04-05T18:31:00+xx:00',
    '2018-04-05T18:31:00+05',
    '2018-04-05T18:31:00+0500',
    '2018-04-05T18:31:00,5Z',
    '2018-04-05T18:31:00.Z',
    '2018-04-05 18:31:00Z',
    '20180405T183100Z',
    '2018-13-05T18:31:00Z',
    '2018-02-29T18:31:00Z',
    '2018-04-05T24:00:00Z',
    '2018-04-05T18:60:00Z',
    '2018-04-05T18:31:61Z',
    '1522953060',
  ].map((time): AttributeCase => ['spec §time', `${time} is not of RFC 3339`, { time }, '400 time']),
  [
    'spec §time',
    'a leap second',
    { time: '1990-12-31T23:59:60Z' },
    '400 time',
    'stricter: no clock of a cluster tells one',
  ],
  [
    'spec §time',
    'the year 10000 of UTC',
    { time: '9999-12-31T23:59:59-01:00' },
    '400 time',
    'stricter: no text of RFC 3339 in UTC says it',
  ],
];

export const ATTRIBUTE_CASES: readonly Case[] = [
  ...[...requiredInEachMode, ...specversions, ...sources, ...texts, ...times].flatMap(inEachMode),
  ...[...requiredInJson, ...optionalInJson].flatMap(inJson),
];
