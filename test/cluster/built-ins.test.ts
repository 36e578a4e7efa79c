/**
 * The built-ins agree with the real OPA's, called the same, undefined where it is.
 *
 * Where they do not agree is written down here, each with an example: no others are known.
 */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callBuiltIn } from '../support/call-built-in.ts';
import { JSON_TEXT, YAML } from './support/built-in-calls/documents.ts';
import { NUMBERS, SEMVER } from './support/built-in-calls/numbers.ts';
import { ENCODING, REGEX, SPRINTF, STRINGS } from './support/built-in-calls/texts.ts';
import { moments, TIME } from './support/built-in-calls/times.ts';
import { type Call, opaAnswers, rawJson, readBack } from './support/opa-calls.ts';

/** Generated calls, by family: the shapes that policies use, and those at which implementations differ. */
const CALLS = {
  encodings: ENCODING,
  JSON: JSON_TEXT,
  numbers: NUMBERS,
  'regular expressions': REGEX,
  versions: SEMVER,
  sprintf: SPRINTF,
  texts: STRINGS,
  time: TIME,
  YAML,
};

const SEED = 20_261_123;
const CALLS_OF_EACH = 1_000;
const TIMEOUT = 60_000;

const ours = ({ name, operands }: Call): unknown => {
  try {
    return callBuiltIn(name, ...operands);
  } catch (error) {
    return String(error);
  }
};

/** Calls whose answers differ, with both. */
const disagreements = async (calls: readonly Call[]): Promise<readonly unknown[]> => {
  const theirs = await opaAnswers(calls);
  return calls
    .map((call, at) => ({ ...call, ours: ours(call), opa: theirs[at] }))
    .filter((answers) => !isDeepStrictEqual(answers.ours, answers.opa));
};

const sample = <T>(values: fc.Arbitrary<T>, numRuns = CALLS_OF_EACH): readonly T[] =>
  fc.sample(values, { seed: SEED, numRuns });

/** A text made wrong in some place, or in none. */
const spoiled = (text: string): readonly string[] => [
  text,
  text.slice(0, -1),
  `${text}1`,
  text.replace(/\d/, '9'),
  text.toUpperCase(),
  text.replace(' ', '   '),
];

const ZONE_NAMES = [
  ...['CET', 'GMT', 'GMT+3', 'GMT+24', 'GMT+', 'GMT+0023', '+03', '-7', '+24', 'ChST', 'MeST', 'WITA', 'ABCD', 'ABCT'],
  ...['ABCDE', 'ABCDT', 'ABCDEF', 'AB', 'UTC+1', 'utc'],
];

describe('our built-ins and the real OPA', () => {
  it.each(Object.entries(CALLS))(
    'agree about %s',
    async (_, generators) => {
      const calls = generators.flatMap((generator) => sample(generator));
      expect(await disagreements(calls)).toEqual([]);
      const defined = calls.filter((call) => ours(call) !== undefined);
      expect(defined.length).toBeGreaterThan(calls.length / 3);
    },
    TIMEOUT,
  );

  it(
    'read the same times from texts, and from what is nearly such a text',
    async () => {
      const asked = sample(moments).map((moment) => ({ name: 'time.format', operands: [moment] }));
      const written = await opaAnswers(asked);
      const calls = sample(moments).flatMap(([, , layout], at) =>
        spoiled(String(written[at])).map((text) => ({ name: 'time.parse_ns', operands: [layout, text] })),
      );
      expect(await disagreements(calls)).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'agree what may name a zone',
    async () => {
      const calls = ZONE_NAMES.flatMap((zone) => [
        { name: 'time.parse_ns', operands: ['2006 MST', `2024 ${zone}`] },
        { name: 'time.parse_ns', operands: ['2006 MST2', `2024 ${zone}4`] },
      ]);
      expect(await disagreements(calls)).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'agree about sets',
    async () => {
      const sets = [[], [1, 2, 3], [1, 3], ['b', 'a'], [[1], 2]].map((members) => new Set<unknown>(members));
      const arrays = [[1, 2, 3], [1, 1], []];
      const calls = [...sets, ...arrays].flatMap((whole) => [
        ...sets.map((part) => ({ name: 'object.subset', operands: [whole, part] })),
        ...sets.map((part) => ({ name: 'object.subset', operands: [{ a: whole }, { a: part }] })),
        { name: 'sprintf', operands: ['%v %s %q', [whole, [whole], { a: whole }]] },
        { name: 'json.marshal_with_options', operands: [whole, { indent: ' ' }] },
      ]);
      expect(await disagreements(calls)).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'write YAML in which OPA reads the same',
    async () => {
      const terms = sample(fc.jsonValue()).map((term) => JSON.parse(JSON.stringify(term)));
      const calls = terms.map((term) => ({ name: 'yaml.unmarshal', operands: [callBuiltIn('yaml.marshal', term)] }));
      expect(await disagreements(calls)).toEqual([]);
    },
    TIMEOUT,
  );
});

interface Difference {
  readonly why: string;
  readonly name: string;
  readonly operands: readonly unknown[];
  readonly here: unknown;
  readonly opa: unknown;
}

/** A number as JSON spells it, which JavaScript forgets. */
const seven = rawJson('7.0');

const difference = (
  why: string,
  name: string,
  operands: readonly unknown[],
  here: unknown,
  opa: unknown,
): Difference => ({ why, name, operands, here, opa });

const DIFFERENCES: readonly Difference[] = [
  difference('7.0 is 7: JavaScript has one number for both', 'sprintf', ['%.1f', [seven]], '%!f(int64=7)', '7.0'),
  difference('and the other way round', 'sprintf', ['%d', [seven]], '7', '%!d(float64=7)'),
  difference('a zone may have no name', 'time.format', [[0, 'Asia/Tokyo', 'MST']], '+09', 'JST'),
  difference('names of aliases are known in any case', 'time.clock', [[0, 'us/pacific']], [16, 0, 0], undefined),
  difference('YAML: tabs alone are a document', 'yaml.unmarshal', ['\t'], null, undefined),
  difference('YAML: an end alone is a document', 'yaml.unmarshal', ['...'], null, undefined),
  difference('YAML: lines end as in YAML 1.2', 'yaml.unmarshal', ['a: b\u0085c'], { a: 'b\u0085c' }, undefined),
  difference('YAML: no sets', 'yaml.unmarshal', ['!!set {a}'], undefined, { a: null }),
  difference('YAML: no bytes', 'yaml.unmarshal', ['!!binary aGk='], undefined, 'hi'),
  difference('YAML: no instants', 'yaml.unmarshal', ['!!timestamp 2001-01-01'], undefined, '2001-01-01T00:00:00Z'),
  difference('YAML: an empty text of no type is a text', 'yaml.unmarshal', ['!'], '', null),
  difference('YAML: names of anchors and tags may be anything', 'yaml.unmarshal', ['&# x'], 'x', undefined),
  difference('YAML: other quotes', 'yaml.marshal', ['yes'], "'yes'\n", '"yes"\n'),
  difference(
    'json.patch: keys are texts',
    'json.patch',
    [{}, [{ op: 'add', path: [1], value: 1 }]],
    'ForbiddenBuiltIn: json.patch: a key that is no text cannot be added here',
    { 1: 1 },
  ),
  difference(
    'large numbers have no address',
    'sprintf',
    ['%w', [2n ** 64n]],
    '%!w(big.Int=18446744073709551616)',
    '%!w(*big.Int=&{false [0 1]})',
  ),
];

describe('our built-ins and the real OPA differ', () => {
  it.each(DIFFERENCES)(
    '$why',
    async ({ name, operands, here, opa }) => {
      const read = operands.map((operand) => readBack(operand));
      expect({ here: ours({ name, operands: read }), opa: (await opaAnswers([{ name, operands }]))[0] }).toEqual({
        here,
        opa,
      });
    },
    TIMEOUT,
  );
});
