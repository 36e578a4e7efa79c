/** The cases of the HTTP binding's headers: their names, and what their values say. */
import { binary, type Case, percentEncoded, READ, withHeaders } from './conformance-case.ts';

const LAXER_PERCENT = 'laxer: the header of a sender that encodes nothing says what it says';

/** Values as they stand on the wire, and what they say. */
const VALUES: readonly (readonly [says: string, wire: string, subject: string])[] = [
  ['the example of the specification', 'Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
  ['lower-case digits', 'Euro%20%e2%82%ac%20%f0%9F%98%80', 'Euro € 😀'],
  ['a quote', 'quote%22encoded', 'quote"encoded'],
  ['what needs no encoding', '%73ubj%65ct%2F1', 'subject/1'],
  ['a percent sign, once', '%2525', '%25'],
  ['a percent sign before digits', '%2541', '%41'],
  ['a plus sign, which is no space', 'a+b%2Bc', 'a+b+c'],
  ['characters that mean something elsewhere', 'a,b;c=d(e)\\f', 'a,b;c=d(e)\\f'],
  ['spaces within', 'two words', 'two words'],
  ['a quoted string', '"two words"', 'two words'],
  ['a quoted string with escapes', '"a \\"b\\" \\\\ c"', 'a "b" \\ c'],
  ['a quoted string with encoding, undone after the quotes', '"%22a%5C%22"', '"a\\"'],
  ['a quoted string before another text', '"  quoted  text  "unquoted', '  quoted  text  unquoted'],
  ['an escape that leaves a percent sign, undone once', '"\\%41"', 'A'],
];

const values: readonly Case[] = [
  ...VALUES.map(([says, wire, subject]): Case => ['http §3.1.3.2', says, binary({ 'ce-subject': wire }), { subject }]),
  ...['100%', '%', 'a%zz', '%4', '%g0', '%0$', '"open', '"open \\', '"open "and" again'].map((wire): Case => {
    const subject = wire === '"open "and" again' ? 'open and" again' : wire;
    return ['http §3.1.3.2', `${wire} is not encoded`, binary({ 'ce-subject': wire }), { subject }, LAXER_PERCENT];
  }),
  ...[
    '%C0%A0',
    '%ff',
    '%82',
    '%E2',
    '%E2%',
    '%E2x',
    '%E2%82x%AC',
    '%E2%E2',
    '%ED%B0%80',
    '%ED%A0%80%ED%B0%80',
    '%F4%90%80%80',
    '"%ff"',
  ].map((wire): Case => ['http §3.1.3.2', `${wire} is no UTF-8`, binary({ 'ce-subject': wire }), '400 ce-subject']),
  ...['line1%0D%0Aline2', '%00', 'a%7F', '%C2%80', '%EF%BF%BE'].map(
    (wire): Case => ['spec §type-system', `${wire} is no String`, binary({ 'ce-subject': wire }), '400 subject'],
  ),
  ['http §3.1.3.2', 'an id is decoded as well', binary({ 'ce-id': percentEncoded('a "b" 5%') }), { id: 'a "b" 5%' }],
  ['http §3.1.3.2', 'an extension is decoded as well', binary({ 'ce-ext': '%22' }), { extensions: { ext: '"' } }],
  ['http §3.1.3.2', 'an id that is no UTF-8', binary({ 'ce-id': '%ff' }), '400 ce-id'],
  [
    'http §3.1.3.2',
    'bytes beyond ASCII are encoded',
    binary({ 'ce-subject': Buffer.from('Euro € 😀').toString('latin1') }),
    { subject: 'Euro € 😀' },
    'laxer: they are read as the UTF-8 that they are',
  ],
  [
    'http §3.1.3.2',
    'bytes beyond ASCII are encoded, the first of a text as well',
    binary({ 'ce-subject': Buffer.from('\ufeffa').toString('latin1') }),
    { subject: '\ufeffa' },
    'laxer: they are read as the UTF-8 that they are',
  ],
  [
    'http §3.1.3.2',
    'bytes beyond ASCII are encoded, and these are no UTF-8',
    binary({ 'ce-subject': 'caf\u00e9' }),
    { subject: 'café' },
    'laxer: they are read as the Latin-1 that headers once were',
  ],
];

const names: readonly Case[] = [
  [
    'http §3.1.3.1',
    'names are without case',
    {
      headers: [
        ['CE-SPECVERSION', '1.0'],
        ['Ce-Id', READ.id],
        ['cE-sOURCE', READ.source],
        ['ce-Type', READ.type],
        ['CE-MyExtension', 'value'],
        ['CONTENT-TYPE', 'application/json'],
      ],
      body: JSON.stringify(READ.data),
    },
    { extensions: { myextension: 'value' } },
  ],
  ['http §3.1.3', 'headers of others are no attributes', withHeaders(binary(), ['id', 'x'], ['x-ce-id', 'x']), {}],
  ['spec §context-attributes', 'an attribute appears once', withHeaders(binary(), ['Ce-Id', 'b']), '400 ce-id'],
  [
    'spec §context-attributes',
    'an attribute that appears again',
    withHeaders(binary(), ['Ce-Id', READ.id]),
    {},
    'laxer: it says nothing else',
  ],
];

export const HEADER_CASES: readonly Case[] = [...values, ...names];
