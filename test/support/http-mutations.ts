/** Messages that somebody damaged: in their bytes, or in one place of their JSON. */
import fc from 'fast-check';
import { isJsonObject } from '../../shared/conditions/status.ts';
import type { HttpMessage } from '../../shared/events/message.ts';

type Mutation = (bytes: Buffer) => Buffer;

const position = fc.oneof(fc.nat(700), fc.nat(3_000));
const length = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 400 }));

const flip = fc.tuple(position, fc.nat(7)).map(
  ([at, bit]): Mutation =>
    (bytes) => {
      if (bytes.length === 0) return bytes;
      const place = at % bytes.length;
      const flipped = Buffer.from(bytes);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << bit);
      return flipped;
    },
);

const remove = fc.tuple(position, length).map(
  ([at, count]): Mutation =>
    (bytes) =>
      Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]),
);

/** What means something to somebody on the way. */
const token = fc.constantFrom(
  '\r\n',
  '\r\n\r\n',
  '\0',
  '\n',
  ':',
  ' ',
  '"',
  '\\',
  '{',
  '[',
  '%',
  '\u00ff',
  'e999',
  '-',
  '0',
  ',',
);

const insert = fc
  .tuple(
    position,
    fc.oneof(
      token.map((text) => Buffer.from(text)),
      fc.uint8Array({ minLength: 1, maxLength: 12 }),
    ),
  )
  .map(
    ([at, added]): Mutation =>
      (bytes) =>
        Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]),
  );

const duplicate = fc.tuple(position, length, position).map(
  ([at, count, to]): Mutation =>
    (bytes) =>
      Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, at + count), bytes.subarray(to)]),
);

const truncate = position.map(
  (at): Mutation =>
    (bytes) =>
      bytes.subarray(0, at),
);

const mutations = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: flip },
    { weight: 3, arbitrary: remove },
    { weight: 3, arbitrary: insert },
    { weight: 2, arbitrary: duplicate },
    { weight: 1, arbitrary: truncate },
  ),
  { minLength: 1, maxLength: 3 },
);

/** One of these, with up to three wounds. */
export const damaged = (originals: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.constantFrom(...originals), mutations)
    .map(([original, wounds]) => wounds.reduce((bytes, wound) => wound(bytes), original));

/** A message with its body damaged, and sometimes one of its headers. */
export const damagedMessages = (messages: readonly HttpMessage[]): fc.Arbitrary<HttpMessage> =>
  fc.constantFrom(...messages).chain(({ headers, body }) =>
    fc.record({
      headers: fc.oneof(
        fc.constant(headers),
        fc
          .tuple(fc.nat(headers.length - 1), fc.string({ unit: 'binary' }))
          .map(([at, value]) =>
            headers.map((header, place) => (place === at ? ([header[0], value] as const) : header)),
          ),
      ),
      body: damaged([Buffer.from(body)]),
    }),
  );

/** A value that hurts: of another type, without end, or with a name that means something to the language. */
export const harmfulValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ noUnicodeString: false }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double(),
  fc.constantFrom(null, true, -1, 0.5, 1e308, 2 ** 53, '', '\ud800', '\u0000', 'x'.repeat(70_000), [[[[]]]]),
  fc.constantFrom('__proto__', '2026-11-23T05:51:52Z', '9999-12-31T23:59:59Z', '0001-01-01T00:00:00Z', '{}', '[]'),
  fc.constantFrom(
    ...['{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{}}}'].map((text) => JSON.parse(text)),
  ),
);

const replaced = (value: unknown, path: readonly number[], by: unknown): unknown => {
  const [step, ...rest] = path;
  if (step === undefined) return by;
  if (Array.isArray(value) && value.length > 0) {
    return value.map((element, at) => (at === step % value.length ? replaced(element, rest, by) : element));
  }
  if (!isJsonObject(value)) return by;
  const entries = Object.entries(value);
  if (entries.length === 0) return by;
  return Object.fromEntries(
    entries.map(([name, element], at) => [name, at === step % entries.length ? replaced(element, rest, by) : element]),
  );
};

/** A value of which something inside was replaced by what hurts. */
export const poisoned = (values: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc
    .tuple(fc.constantFrom(...values), fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), harmfulValue)
    .map(([value, path, by]) => replaced(value, path, by));
