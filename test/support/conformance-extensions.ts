/** The cases of names, and of every type in the type system. */
import type { Event } from '../../shared/events/event.ts';
import { type AttributeCase, binary, type Case, inEachMode, inJson } from './conformance-case.ts';

const extended = (extensions: Event['extensions']): Partial<Event> => ({ extensions });

const names: readonly AttributeCase[] = [
  ...['a', '0', 'comexampleextension1', 'traceparent', 'constructor', 'validate'].map(
    (name): AttributeCase => [
      'spec §naming-conventions',
      `${name} is a name`,
      { [name]: 'value' },
      extended({ [name]: 'value' }),
    ],
  ),
  [
    'spec §naming-conventions',
    'more than 20 characters are only advised against',
    { averylongnameofanextension0: 'value' },
    extended({ averylongnameofanextension0: 'value' }),
  ],
  ...['schemaurl', 'datacontentencoding', 'eventtype'].map(
    (name): AttributeCase => [
      'spec §extension-context-attributes',
      `${name}, of an older version, means nothing`,
      { [name]: 'base64' },
      extended({ [name]: 'base64' }),
    ],
  ),
  ...['my_extension', 'my-extension', 'my.extension', '__proto__'].map(
    (name): AttributeCase => [
      'spec §naming-conventions',
      `${name} is no name`,
      Object.fromEntries([[name, 'bad']]),
      `400 ${name}`,
    ],
  ),
];

const namesInJson: readonly AttributeCase[] = ['MyExtension', 'ID', 'ü', 'a b'].map((name) => [
  'spec §naming-conventions',
  `${name} is no name`,
  { [name]: 'bad' },
  `400 ${name}`,
]);

/** Each type of the system, and its values at their bounds. */
const TYPES: readonly (readonly [type: string, value: string | number | boolean])[] = [
  ['a Boolean', true],
  ['a Boolean', false],
  ['an Integer', 10],
  ['an Integer', 0],
  ['an Integer', -1],
  ['an Integer', 2_147_483_647],
  ['an Integer', -2_147_483_648],
  ['a String', 'text'],
  ['a String', ''],
  ['a String', ' two words '],
  ['a String', 'Euro € 😀'],
  ['a Binary', 'TWE='],
  ['a URI', 'https://cloudevents.io'],
  ['a URI-reference', '//authority/path'],
  ['a Timestamp', '2023-03-31T15:12:00Z'],
];

const types = TYPES.map(
  ([type, value]): AttributeCase => [
    'spec §type-system',
    `${JSON.stringify(value)} is ${type}`,
    { ext: value },
    extended({ ext: value }),
  ],
);

const typesInJson: readonly AttributeCase[] = [
  ...[2_147_483_648, -2_147_483_649, Number.MAX_SAFE_INTEGER, 1e300, 1.5].map(
    (value): AttributeCase => ['spec §type-system', `${value} is no Integer`, { ext: value }, '400 ext'],
  ),
  ['spec §type-system', 'an object is of no type', { ext: { a: 1 } }, '400 ext'],
  ['spec §type-system', 'an array is of no type', { ext: ['a'] }, '400 ext'],
  ['json-format §2.2', 'an extension that is null is not set', { ext: null }, {}],
  ...['\ud800', 'a\udead', '\udc00\ud800', '\udbff!'].map(
    (text): AttributeCase => ['spec §type-system', `${JSON.stringify(text)} is no pair`, { ext: text }, '400 ext'],
  ),
];

const codePoint = (code: number): string => `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;

const forbidden = [
  ...[0x00, 0x09, 0x0a, 0x1f, 0x7f, 0x80, 0x9f],
  ...[0xfdd0, 0xfdef, 0xfffe, 0xffff, 0x1fffe, 0x8ffff, 0x10fffe, 0x10ffff],
].flatMap((code): readonly AttributeCase[] => {
  const text = `a${String.fromCodePoint(code)}b`;
  return [
    ['spec §type-system', `${codePoint(code)} is in no String`, { ext: text }, '400 ext'],
    ['spec §type-system', `${codePoint(code)} is in no subject`, { subject: text }, '400 subject'],
  ];
});

const allowed = [
  ...[0x20, 0x7e, 0xa0, 0xad, 0xd7ff, 0xe000, 0xfdcf, 0xfdf0, 0xfeff, 0xfffd],
  ...[0x10000, 0x1fffd, 0x20000, 0x10fffd],
].map((code): AttributeCase => {
  const text = `a${String.fromCodePoint(code)}b`;
  return ['spec §type-system', `${codePoint(code)} may be in a String`, { ext: text }, extended({ ext: text })];
});

export const EXTENSION_CASES: readonly Case[] = [
  ...[...names, ...types, ...forbidden, ...allowed].flatMap(inEachMode),
  ...[...namesInJson, ...typesInJson].flatMap(inJson),
  ['http §3.1.3.1', 'a header without a name', binary({ 'ce-': 'value' }), '400 ""'],
];
