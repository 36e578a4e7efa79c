/** Calls about JSON and YAML. */
import fc from 'fast-check';
import { type Calls, call, joined, json, type Operand, one, orAny, words } from './operands.ts';

const document: Operand = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 1, 'a'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(one(['', ...words('a b 0 1 a/b ~')]), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

const segment = one(['', ...words('a b 0 1 - 01 a~1b ~0 -1 1.0')]);
const place = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => `/${segments.join('/')}`);
const path: Operand = fc.oneof(
  place,
  fc.array(segment, { minLength: 1, maxLength: 2 }),
  fc.constantFrom('//a', 'a/b', null),
);
/** Of an object: what the real OPA moves out of an array may end up elsewhere. */
const member = joined(words('/a /b /0 /1'), 2).chain((above) => one(['/a', '/b']).map((key) => above + key));
/** Not of the whole document, which may end the real OPA with a panic. */
const operation: Operand = fc.oneof(
  fc.record({ op: one(words('add add replace remove test nope')), path, value: document }),
  fc.record({ op: fc.constant('copy'), path, from: place }),
  fc.record({ op: fc.constant('move'), path, from: member }),
  fc.record({ op: fc.constantFrom('add', 1), path: fc.constant('/a'), value: document }, { requiredKeys: [] }),
);
const layout = fc.record(
  {
    prefix: fc.constantFrom('', '> ', 1),
    indent: fc.constantFrom('', '  ', 1),
    pretty: fc.constantFrom(true, false, 'x'),
  },
  { requiredKeys: [] },
);

export const JSON_TEXT: readonly Calls[] = [
  call('json.is_valid', orAny(one(words('{}|[1,]|{"a":1}| 1 |01|nul|"\t"|"\\x"|1e5|\u00a01', '|')))),
  call('json.marshal_with_options', json, orAny(layout)),
  call('json.patch', document, fc.array(operation, { maxLength: 3 })),
  call('object.subset', document, document),
  call('object.subset', ...[6, 3].map((maxLength) => fc.array(fc.constantFrom(1, 2, [1]), { maxLength }))),
];

const scalar = one([
  ...words('0x1F 0o17 017 08 1_000 0b11 -0x10 +5 1e3 1. .5 -.5 .5_0 .inf .nan ~ NULL true tRUE yes on n 2001-01-01'),
  ...words('12:30:45 "1" \'x\' 9223372036854775808 18446744073709551616 1e400 0_ _1 "\\u00e9" *a @x | <<'),
  ...words('!!str 1|!!int "7"|!!float 1|!Ref a|[1, 2]|{a: 1}', '|'),
]);
const lines = one([
  ...['a: &x {p: 1}\nb: *x', 'a: &x {p: 1}\nb: {<<: *x, q: 2}', 'b: {p: 2, <<: [{p: 1}, {p: 3, r: 1}]}', 'a: 1\na: 2'],
  ...[
    '1: a\n"1": b',
    'a: 1\n---\nb: 2',
    'a: 1\n---\n[',
    '  a:\nb: 1',
    'a: |\n  x\n  y\n',
    'a: >\n  x\n  y\n',
    '# only',
  ],
  ...['[a, b', '? [1]\n: 2', 'null: 1', '1.1: q', '100000000.0: q', '.inf: x', '__proto__: 1', 'a: b: c', '&a [*a]'],
]);
const yaml = fc.oneof(
  fc.constantFrom(null, 1, {}),
  scalar,
  scalar.map((plain) => `a: ${plain}`),
  scalar.map((plain) => `${plain}: x`),
  fc.array(scalar, { maxLength: 3 }).map((items) => items.map((item) => `- ${item}`).join('\n')),
  lines,
);

export const YAML: readonly Calls[] = [call('yaml.unmarshal', yaml), call('yaml.is_valid', yaml)];
