/** JSON: written, checked, patched, and compared. */
import { describe, expect, it } from '@jest/globals';
import { callBuiltIn } from '../../support/call-built-in.ts';

describe('json.marshal_with_options', () => {
  const term = { b: [1, { c: 2n ** 64n }], a: '<é&>\u2028', d: {}, e: new Set(['y', 'x']) };

  it.each([
    [{}, '{"a":"\\u003cé\\u0026\\u003e\\u2028","b":[1,{"c":18446744073709551616}],"d":{},"e":["x","y"]}'],
    [
      { pretty: false, indent: '  ' },
      '{"a":"\\u003cé\\u0026\\u003e\\u2028","b":[1,{"c":18446744073709551616}],"d":{},"e":["x","y"]}',
    ],
  ])('writes one line for %p', (options, expected) =>
    expect(callBuiltIn('json.marshal_with_options', term, options)).toBe(expected),
  );

  it.each([
    [{ pretty: true }, '{\n\t"a": [\n\t\t1\n\t],\n\t"b": []\n}'],
    [{ indent: ' ' }, '{\n "a": [\n  1\n ],\n "b": []\n}'],
    [{ prefix: '> ', indent: '' }, '> {\n> "a": [\n> 1\n> ],\n> "b": []\n> }'],
  ])('writes lines for %p', (options, expected) =>
    expect(callBuiltIn('json.marshal_with_options', { b: [], a: [1] }, options)).toBe(expected),
  );

  it.each([{ other: 1 }, { pretty: 'yes' }, { indent: 1 }, { prefix: null }, [], 'indent'])(
    'does not know %p',
    (options) => expect(callBuiltIn('json.marshal_with_options', 1, options)).toBeUndefined(),
  );
});

describe('json.is_valid', () => {
  it.each([
    ['{"a": [1e5]}', true],
    [' null ', true],
    ['{a: 1}', false],
    ['[1,]', false],
    ['', false],
    [1, false],
  ])('%p: %p', (value, expected) => expect(callBuiltIn('json.is_valid', value)).toBe(expected));
});

describe('json.patch', () => {
  it.each([
    ['adds', { a: 1 }, [{ op: 'add', path: '/b', value: [2] }], { a: 1, b: [2] }],
    ['inserts', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
    ['appends', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['removes', { a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    ['replaces', { a: { b: 1 } }, [{ op: 'replace', path: 'a/b', value: 2 }], { a: { b: 2 } }],
    ['moves', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    [
      'copies',
      { a: [1] },
      [
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'add', path: '/b/0', value: 0 },
      ],
      { a: [1], b: [0, 1] },
    ],
    [
      'changes what it added',
      {},
      [
        { op: 'add', path: '/a', value: [1] },
        { op: 'add', path: '/a/-', value: 2 },
      ],
      { a: [1, 2] },
    ],
    ['tests', { a: { b: [1] } }, [{ op: 'test', path: '/a', value: { b: [1] } }], { a: { b: [1] } }],
    [
      'takes keys',
      { 'a/b': [{ '~': 1 }] },
      [{ op: 'replace', path: ['a/b', 0, '~'], value: 2 }],
      { 'a/b': [{ '~': 2 }] },
    ],
    ['unescapes', { 'a/b': { '~1': 1 } }, [{ op: 'remove', path: '/a~1b/~01' }], { 'a/b': {} }],
    ['forgives slashes', { a: 1 }, [{ op: 'remove', path: '//a' }], {}],
    ['replaces everything', { a: 1 }, [{ op: 'add', path: '', value: [1] }], [1]],
    ['changes a value', 'a', [], 'a'],
  ])('%s', (_, document, operations, expected) => {
    const before = structuredClone({ document, operations });
    expect(callBuiltIn('json.patch', document, operations)).toEqual(expected);
    expect({ document, operations }).toEqual(before);
  });

  it.each([
    [{ op: 'add', path: '/b/c', value: 1 }],
    [{ op: 'add', path: '/a/3', value: 1 }],
    [{ op: 'add', path: '/a/01', value: 1 }],
    [{ op: 'add', path: '/a/x', value: 1 }],
    [{ op: 'add', path: '/b' }],
    [{ op: 'remove', path: '/b' }],
    [{ op: 'remove', path: '/a/-' }],
    [{ op: 'remove', path: '/a/-1' }],
    [{ op: 'replace', path: '/b', value: 1 }],
    [{ op: 'move', from: '/b', path: '/c' }],
    [{ op: 'move', from: '/a/0', path: '/a/0/0' }],
    [{ op: 'copy', path: '/c' }],
    [{ op: 'test', path: '/a', value: [2] }],
    [{ op: 'turn', path: '/a' }],
    [{ path: '/a' }],
    [{ op: 'remove', path: 7 }],
    [{ op: 'remove', path: '' }],
    ['remove'],
  ])('is undefined where it cannot be done: %p', (operation) =>
    expect(callBuiltIn('json.patch', { a: [[1], [2]] }, [operation])).toBeUndefined(),
  );
});

describe('object.subset', () => {
  it.each([
    [{ a: 1, b: { c: [1, 2, 3] } }, { b: { c: [2, 3] } }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: { b: 1 } }, { a: 1 }, false],
    [{ a: new Set([1, 2]) }, { a: new Set([2]) }, true],
    [new Set([1, 2, 3]), new Set([3, 1]), true],
    [new Set([1]), new Set([1, 2]), false],
    [[1, 2, 3], [1, 3], false],
    [[1, 1, 2], [1, 2], true],
    [[1, 2, 1, 2, 3], [1, 2, 3], true],
    [[1, 1, 1, 2], [1, 1, 2], true],
    [[], [], true],
    [[3, 2, 1], new Set([1, 3]), true],
    [[1], new Set([1, 2]), false],
    // As OPA counts.
    [[1, 1], new Set([1, 2]), true],
    [[], new Set(), false],
    [{}, { constructor: 1 }, false],
    [{}, JSON.parse('{"__proto__": {}}'), false],
  ])('%p has %p: %p', (whole, part, expected) => expect(callBuiltIn('object.subset', whole, part)).toBe(expected));

  it.each([
    [{}, []],
    [new Set([1]), [1]],
    [1, 1],
  ])('is undefined for %p and %p', (whole, part) => expect(callBuiltIn('object.subset', whole, part)).toBeUndefined());

  it('takes time that grows with the arrays, not with their product', () => {
    const part = [...Array(20_000).fill('a'), 'b'];
    expect(callBuiltIn('object.subset', Array(100_000).fill('a'), part)).toBe(false);
  });
});
