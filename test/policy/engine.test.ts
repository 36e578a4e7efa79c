/** The engine: what a policy is given, what it may call, and how it ends when it does not end well. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { builtInsAt } from '../../shared/policy/built-ins/built-ins.ts';
import { type LoadedPolicy, loadPolicy } from '../../shared/policy/load-policy.ts';
import { OutOfMemory, PolicyFailure } from '../../shared/policy/policy-failure.ts';
import { AT, MEBIBYTE, policyNamed } from '../support/policies.ts';

const SCAN = 'scan/violations';
const policies = {
  echo: await policyNamed('echo'),
  misbehaves: await policyNamed('misbehaves'),
  answers: await policyNamed('answers-scan'),
  clock: await policyNamed('clock'),
  tokens: await policyNamed('tokens'),
};

type Limits = Partial<Pick<Parameters<typeof loadPolicy>[1], 'memory' | 'heap' | 'data'>>;

const load = (name: keyof typeof policies, limits: Limits = {}): LoadedPolicy =>
  loadPolicy(policies[name].module, {
    builtIns: builtInsAt(AT),
    memory: 256 * MEBIBYTE,
    heap: 512 * MEBIBYTE,
    ...limits,
  });

const ask = (policy: LoadedPolicy, entrypoint: string, input: unknown): unknown =>
  policy.ask({ entrypoint, input: [Buffer.from(typeof input === 'string' ? input : JSON.stringify(input))] });

const failureOf = (work: () => unknown): PolicyFailure => {
  try {
    work();
  } catch (error) {
    if (error instanceof PolicyFailure) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

/** JSON whose characters are escapes, as writers of ASCII have it. */
const escaped = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** As JSON has it, halves of characters replaced. */
const wellFormed = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, inner: unknown) => (typeof inner === 'string' ? inner.toWellFormed() : inner));

const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit }), fc.string());
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value')),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value')),
  ),
})).value;

describe('a policy is given', () => {
  const echo = load('echo');

  it('what the JSON says, whatever is in it and however it is written', () => {
    fc.assert(
      fc.property(json, fc.boolean(), (value, isEscaped) => {
        const written = JSON.stringify({ value });
        expect(ask(echo, 'echo/given', isEscaped ? escaped(written) : written)).toEqual(wellFormed({ value }));
      }),
      { numRuns: 300 },
    );
  });

  it('the same in pieces as in one', () => {
    fc.assert(
      fc.property(fc.array(json), (values) => {
        const members = values.map((value, at) => `${at === 0 ? '' : ','}"${at}":${JSON.stringify(value)}`);
        const pieces = ['{', ...members, '}'].map((piece) => Buffer.from(piece));
        expect(echo.ask({ entrypoint: 'echo/given', input: pieces })).toEqual(ask(echo, 'echo/given', pieces.join('')));
      }),
    );
  });

  it.each([
    ['a half of a character', '{"value":"\\ud800"}', '\ufffd'],
    ['two halves in the wrong order', '{"value":"\\udc00\\ud800!"}', '\ufffd\ufffd!'],
    ['a half before another escape', '{"value":"\\ud800\\n"}', '\ufffd\n'],
    ['a pair', '{"value":"\\ud83d\\ude00"}', '😀'],
    ['a pair of a plane beyond', '{"value":"\\uD869\\uDED6"}', '\u{2a6d6}'],
    ['what only looks like an escape', '{"value":"\\\\ud800"}', '\\ud800'],
    ['a NUL', '{"value":"a\\u0000b"}', 'a\u0000b'],
  ])('%s as OPA reads it', (_, written, value) => {
    expect(ask(echo, 'echo/given', written)).toEqual({ value });
    expect(ask(echo, 'echo/through', written)).toEqual({ value });
  });

  it('integers of any size, exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (value) => {
        expect(ask(echo, 'echo/quoted', `{"value":${value}}`)).toBe(String(value));
      }),
    );
  });

  it('the data of its bundle, however much there is', () => {
    const members = Array.from({ length: 20_000 }, (_, at) => ({ name: `member ${at}`, mail: `${at}@team.test` }));
    expect(ask(load('echo', { data: { team: { members } } }), 'echo/members', {})).toEqual(members);
    expect(ask(echo, 'echo/members', {})).toBeUndefined();
  });

  it('its instant for a clock', () => {
    expect(ask(load('clock'), SCAN, { vulnerabilities: [1] })).toEqual([{ id: AT }]);
  });
});

describe('a policy answers', () => {
  it('nothing where it says nothing', () => {
    expect(ask(load('echo'), 'echo/nothing', { value: 1 })).toBeUndefined();
  });

  it('by the entrypoints that it has', () => {
    const echo = load('echo');
    expect([...echo.entrypoints()].sort()).toEqual([
      'echo/given',
      'echo/members',
      'echo/nothing',
      'echo/quoted',
      'echo/through',
    ]);
    expect(failureOf(() => ask(echo, 'echo/other', {})).message).toBe(
      'the policy ended with an error: entrypoint echo/other is not valid in this instance',
    );
    expect(failureOf(() => ask(echo, '__proto__', {}))).toBeInstanceOf(PolicyFailure);
  });

  it('no more than we can take', () => {
    const answers = load('answers', { heap: MEBIBYTE });
    expect(ask(answers, SCAN, { artifact: 'a list' })).toHaveLength(3);
    const tooMuch = { artifact: 'too much', vulnerabilities: [{ ratings: [{ severity: 'low' }] }] };
    expect(failureOf(() => ask(answers, SCAN, tooMuch)).message).toBe('the policy answers more than there may be');
  });
});

describe('a policy ends', () => {
  const does = (artifact: string, description = '', limits: Limits = {}): PolicyFailure =>
    failureOf(() => ask(load('misbehaves', limits), SCAN, { artifact, vulnerabilities: [{ description }] }));

  it.each([
    ['conflicts', 'the policy ended with an error: misbehaves.rego:40:1: var assignment conflict'],
    ['conflicts in an object', 'the policy ended with an error: misbehaves.rego:44:16: object insert conflict'],
    ['calls', 'http.send is forbidden: a policy may only look at its report'],
  ])('when it %s', (what, problem) => {
    expect(does(what).message).toBe(problem);
  });

  it('when it calls what is not there, before it is asked anything', () => {
    const problem = 'the policy calls io.jwt.decode, which is not available here';
    expect(failureOf(() => load('tokens').entrypoints()).message).toBe(problem);
    expect(failureOf(() => ask(load('tokens'), SCAN, {})).message).toBe(problem);
  });

  it.each(['allocates', 'collects'])('when it %s all memory', (what) => {
    const failure = does(what, '', { memory: 48 * MEBIBYTE });
    expect(failure).toBeInstanceOf(OutOfMemory);
    expect(failure.message).toBe('the policy needs more than 48 MiB of memory');
  });

  it('when its input alone is more than its memory', () => {
    const input = { value: 'x'.repeat(3 * MEBIBYTE) };
    expect(failureOf(() => ask(load('echo', { memory: 2 * MEBIBYTE }), 'echo/given', input))).toBeInstanceOf(
      OutOfMemory,
    );
  });

  it('when it nests deeper than its stack, or than ours', () => {
    const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
    expect(does('nests', deep).message).toBe('the policy needs more stack than it has');
    const lessDeep = '['.repeat(20_000) + ']'.repeat(20_000);
    expect(does('nests for a built-in', lessDeep).message).toMatch(
      /^json\.marshal_with_options: .*too deep$|more stack/,
    );
  });

  it('when a built-in is given or gives more than there may be', () => {
    expect(does('writes without end', 'x'.repeat(2 * MEBIBYTE)).message).toMatch(/^regex\.replace: .*too large/);
    const large = { value: Array.from({ length: 10_000 }, () => ({})) };
    expect(failureOf(() => ask(load('echo', { heap: MEBIBYTE }), 'echo/quoted', large)).message).toBe(
      'sprintf: its operands are too large',
    );
  });

  it('and can be asked again, as if nothing had been', () => {
    const policy = load('misbehaves', { memory: 48 * MEBIBYTE });
    const good = { artifact: 'good', vulnerabilities: [{ id: 'CVE-1', severity: 'CRITICAL' }] };
    for (const artifact of ['conflicts', 'calls', 'allocates', 'nests', 'conflicts in an object']) {
      const description = artifact === 'nests' ? '['.repeat(1_000_000) : '';
      failureOf(() => ask(policy, SCAN, { artifact, vulnerabilities: [{ description }] }));
      expect(ask(policy, SCAN, good)).toEqual([{ id: 'CVE-1' }]);
    }
  });
});

describe('a policy has', () => {
  it('all of its memory, though it begins with little', () => {
    const input = { artifact: 'takes half', vulnerabilities: [] };
    expect(ask(load('misbehaves', { memory: 384 * MEBIBYTE }), SCAN, input)).toEqual([{ id: 'all memory' }]);
    expect(failureOf(() => ask(load('misbehaves', { memory: 64 * MEBIBYTE }), SCAN, input))).toBeInstanceOf(
      OutOfMemory,
    );
  });

  it('a large input to itself, and a small one not', () => {
    const input = (length: number) => Uint8Array.from(Buffer.from(JSON.stringify({ value: 'x'.repeat(length) })));
    const [small, large] = [input(1_000), input(8 * MEBIBYTE)];
    for (const bytes of [small, large]) load('echo').ask({ entrypoint: 'echo/nothing', input: [bytes] });
    expect([small.length, large.length]).toEqual([1_012, 0]);
  });
});
