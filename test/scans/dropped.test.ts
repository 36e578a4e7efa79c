/** What a server drops: found by comparing what was sent with what came back, and left out from then on. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { droppedPaths, withoutDropped } from '../../shared/scans/dropped.ts';

const condition = (type: string, more: JsonObject = {}): JsonObject => ({ type, status: 'True', ...more });

describe('what a server has dropped', () => {
  it.each<{ what: string; sent: unknown; answered: unknown; paths: readonly string[] }>([
    { what: 'nothing', sent: { a: 1, b: { c: [1] } }, answered: { a: 1, b: { c: [1] } }, paths: [] },
    { what: 'a member', sent: { runs: [{ uid: 'a' }], phase: 'x' }, answered: { phase: 'x' }, paths: ['runs'] },
    {
      what: 'a member deep inside',
      sent: { a: { b: { c: 1, d: 1 } } },
      answered: { a: { b: { d: 1 } } },
      paths: ['a.b.c'],
    },
    {
      what: 'a member of each item',
      sent: { conditions: [condition('Scanning', { error: '' }), condition('Succeeded', { error: 'x' })] },
      answered: { conditions: [condition('Scanning'), condition('Succeeded')] },
      paths: ['conditions.*.error'],
    },
    {
      what: 'a member of conditions that came back in another order',
      sent: { conditions: [condition('Scanning', { error: '' }), condition('Succeeded')] },
      answered: { conditions: [condition('Succeeded'), condition('Scanning')] },
      paths: ['conditions.*.error'],
    },
    {
      what: 'nothing of two conditions of one type, each of which has its own members',
      sent: { conditions: [condition('Theirs', { a: 1 }), condition('Theirs', { b: 1 })] },
      answered: { conditions: [condition('Theirs', { a: 1 }), condition('Theirs', { b: 1 })] },
      paths: [],
    },
    {
      what: 'nothing that a name of every object could hide',
      sent: { toString: 1, b: 1 },
      answered: { b: 1 },
      paths: ['toString'],
    },
    {
      what: 'no item that is missing, for it may have gone',
      sent: { a: [{ b: 1 }, { b: 1 }] },
      answered: { a: [{ b: 1 }] },
      paths: [],
    },
    {
      what: 'nothing of what has become something else',
      sent: { a: { b: 1 }, c: [{ d: 1 }] },
      answered: { a: 'x', c: 7 },
      paths: [],
    },
    { what: 'nothing that was only added', sent: { a: 1 }, answered: { a: 1, defaulted: true }, paths: [] },
    { what: 'nothing of an answer that is none', sent: { a: 1 }, answered: null, paths: [] },
  ])('is $what', ({ sent, answered, paths }) => {
    expect([...new Set(droppedPaths(sent, answered))]).toEqual(paths);
  });
});

const NAMES = ['a', 'b', 'c'];
const statuses: fc.Arbitrary<JsonObject> = fc.letrec<{ value: unknown; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'status' },
    fc.constantFrom(1, 'x', true),
    fc.array(tie('object'), { maxLength: 2 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { noNullPrototype: true, depthIdentifier: 'status' }),
})).object;

/** A server that knows no member of this name, anywhere. */
const pruned = (status: JsonObject, name: string): JsonObject =>
  JSON.parse(JSON.stringify(status, (member, value) => (member === name ? undefined : value)));

describe('a status without what is dropped', () => {
  it('is what the server keeps of it', () => {
    fc.assert(
      fc.property(statuses, fc.constantFrom(...NAMES), (status, name) => {
        const kept = pruned(status, name);
        expect(withoutDropped(status, new Set(droppedPaths(status, kept)))).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });

  it('is the very same where nothing is dropped', () => {
    const status = { a: 1 };
    expect(withoutDropped(status, new Set())).toBe(status);
  });

  it('loses members of that path alone', () => {
    const status = { error: 1, conditions: [{ error: '', deep: { error: 2 } }, 'x'], list: [[{ error: 3 }]] };
    expect(withoutDropped(status, new Set(['conditions.*.error']))).toEqual({
      ...status,
      conditions: [{ deep: { error: 2 } }, 'x'],
    });
    expect(withoutDropped(status, new Set(['list.*.*.error']))).toEqual({ ...status, list: [[{}]] });
  });
});
