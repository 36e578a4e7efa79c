/** Merge patches: applied as the RFC has it, they turn one object into the other. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { mergePatch } from '../../shared/scans/merge-patch.ts';
import { applyMergePatch } from '../support/rfc7396.ts';

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'toString', 'constructor', '__proto__', 'hasOwnProperty', ''),
  fc.string({ maxLength: 3 }),
);

/** JSON objects with few names, so that two of them often have some in common. */
const objects = (leaf: fc.Arbitrary<unknown>): fc.Arbitrary<JsonObject> =>
  fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'json' },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true, depthIdentifier: 'json' }),
  })).object;

const leaves = fc.oneof(fc.constantFrom(true, false, 0, 1, '', 'a'), fc.string({ maxLength: 3 }));
const from = objects(fc.oneof(leaves, fc.constant(null)));
const to = objects(leaves);
const runs = { numRuns: 1_000 };

describe('a merge patch', () => {
  it('turns the one object into the other', () => {
    fc.assert(
      fc.property(from, to, (before, after) => {
        expect(applyMergePatch(before, mergePatch(before, after) ?? {})).toEqual(after);
      }),
      runs,
    );
  });

  it('is as good after a trip through JSON', () => {
    fc.assert(
      fc.property(from, to, (before, after) => {
        const sent = JSON.parse(JSON.stringify(mergePatch(before, after) ?? {}));
        expect(applyMergePatch(before, sent)).toEqual(after);
      }),
      runs,
    );
  });

  it('is none exactly where nothing has to change', () => {
    const pairs = fc.oneof(
      fc.tuple(to, to),
      to.map((one): [JsonObject, JsonObject] => [one, JSON.parse(JSON.stringify(one))]),
    );
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        expect(mergePatch(before, after) === undefined).toBe(canonicalJson(before) === canonicalJson(after));
      }),
      runs,
    );
  });

  it('names what is gone with null, however deep, and no more than has changed', () => {
    const before = { same: { deep: [1] }, gone: 1, nested: { kept: 1, gone: { a: 1 }, inner: { gone: 1 } } };
    const after = { same: { deep: [1] }, nested: { kept: 1, inner: {}, added: {} } };
    expect(mergePatch(before, after)).toEqual({ gone: null, nested: { gone: null, inner: { gone: null }, added: {} } });
  });

  it('replaces lists, and what changes its type, as a whole', () => {
    const before = { list: [{ a: 1, b: 2 }], text: 'x', object: { a: 1 }, other: [1] };
    const after = { list: [{ a: 1 }], text: { a: 1 }, object: 'x', other: {} };
    expect(mergePatch(before, after)).toEqual(after);
  });

  it('leaves alone what is null in both, which others may have written', () => {
    expect(
      mergePatch({ theirs: null, deep: { theirs: null } }, { theirs: null, deep: { theirs: null } }),
    ).toBeUndefined();
  });

  it('knows what an object has of its own', () => {
    expect(mergePatch(JSON.parse('{"toString":1,"__proto__":{"a":1}}'), {})).toEqual(
      JSON.parse('{"toString":null,"__proto__":null}'),
    );
    expect(JSON.stringify(mergePatch({}, JSON.parse('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
  });
});
