/** Evaluations from beginning to end: whatever a policy or a report does, there is a verdict, and the next one is fine. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Instant, parseInstant } from '../../shared/conditions/instant.ts';
import { readBundle } from '../../shared/policy/bundle/bundle.ts';
import { compiledModules } from '../../shared/policy/bundle/compiled.ts';
import { type CompiledPolicy, compiledPolicy, type Evaluation } from '../../shared/policy/evaluation.ts';
import {
  EVALUATOR_DEFAULTS,
  type Evaluator,
  type EvaluatorSettings,
  startEvaluator,
} from '../../shared/policy/evaluator.ts';
import { policyFile } from '../support/policies.ts';

const AT = parseInstant('2026-11-23T05:51:52Z') as Instant;
const MEBIBYTE = 2 ** 20;

const modules = compiledModules();
const policyIn = async (file: string | URL): Promise<CompiledPolicy> => {
  const bundle = await readBundle(readFileSync(file));
  return compiledPolicy(bundle, await modules(bundle));
};
const policy = (name: string): Promise<CompiledPolicy> => policyIn(policyFile(name));
const severe = await policyIn(new URL('../functions/fixtures/severe.tar.gz', import.meta.url));
const narrow = await policyIn(new URL('../functions/fixtures/narrow.tar.gz', import.meta.url));

const opened: Evaluator[] = [];
const evaluatorWith = (settings: Partial<EvaluatorSettings> = {}): Evaluator => {
  const evaluator = startEvaluator({ ...EVALUATOR_DEFAULTS, ...settings });
  opened.push(evaluator);
  return evaluator;
};
const evaluator = evaluatorWith();
afterAll(() => Promise.all(opened.map(({ close }) => close())));

const reportOf = (...severities: readonly string[]): string =>
  JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    vulnerabilities: severities.map((severity, at) => ({ id: `CVE-1-${at}`, ratings: [{ severity }] })),
  });
const BAD = reportOf('critical', 'low');

const evaluate = (compiled: CompiledPolicy, text = BAD, by = evaluator): Promise<Evaluation> =>
  by.evaluate({ policy: compiled, report: Buffer.from(text), evaluatedAt: AT });

describe('an evaluation', () => {
  it('fails by what the policy objects to, and says which were the worst', async () => {
    expect(await evaluate(severe)).toEqual({
      verdict: 'failed',
      violations: ['CVE-1-0'],
      worst: [{ id: 'CVE-1-0', severity: 'CRITICAL' }],
      cveCount: { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 1, UNKNOWN: 0, CVETOTAL: 2 },
    });
  });

  it.each([
    ['conflicting', 'the policy ended with an error'],
    ['undefined', 'policies/isCompliant is undefined for this report: it must be true or false'],
    ['wrong', 'scan/violations must be a set of objects, and is 2'],
    ['tokens', 'the policy calls io.jwt.decode, which is not available here'],
    ['calling', 'http.send is forbidden'],
    [
      'other',
      "the policy's entrypoints must be one of policies/isCompliant, main/deny, scan/violations, and are other/allow",
    ],
  ])('is an error, and no pass, by the policy %s', async (name, text) => {
    expect(await evaluate(await policy(name))).toMatchObject({
      verdict: 'error',
      violations: [],
      error: expect.stringContaining(text),
      cveCount: { CVETOTAL: 2 },
    });
  });

  it('fails by an objection that names no vulnerability, and says so', async () => {
    expect(await evaluate(await policy('nameless'))).toMatchObject({
      verdict: 'failed',
      violations: [],
      warnings: ['the policy denied without naming a vulnerability: too many'],
    });
  });

  it('stands at its instant, whenever it is made', async () => {
    expect(await evaluate(await policy('clock'))).toMatchObject({ violations: ['2026-11-23T05:51:52Z'] });
  });

  it('warns where the policy sees nothing in a canary, and does not pass where that is asked for', async () => {
    const warning = 'this policy denied nothing in a canary report in cyclonedx-json';
    expect(await evaluate(narrow)).toMatchObject({ verdict: 'passed', warnings: [expect.stringContaining(warning)] });
    const strict = evaluatorWith({ canaryIsStrict: true });
    expect(await evaluate(narrow, BAD, strict)).toMatchObject({
      verdict: 'error',
      error: expect.stringContaining(warning),
    });
    expect(await evaluate(severe, reportOf('low'), strict)).toMatchObject({ verdict: 'passed' });
    expect((await evaluate(severe, reportOf('low'))).warnings).toBeUndefined();
  });

  it('tells in which formats a policy sees nothing', async () => {
    expect(await evaluator.silentFormats({ policy: severe })).toEqual([]);
    expect(await evaluator.silentFormats({ policy: narrow })).toContain('trivy');
    expect(await evaluator.silentFormats({ policy: await policy('nameless') })).toContain('trivy');
    expect(await evaluator.silentFormats({ policy: await policy('tokens') })).toContain('io.jwt.decode');
  });

  it('believes what a pod says of itself only where that is asked for', async () => {
    const summary = `scan:
  cveCount: { critical: 1, high: 0, medium: 0, low: 0, unknown: 0 }
eval:
  violations: [CVE-1, CVE-2]
`;
    expect(await evaluate(severe, summary)).toMatchObject({
      verdict: 'error',
      error: expect.stringContaining('not believed'),
      cveCount: { CRITICAL: 1, CVETOTAL: 1 },
    });
    const trusting = evaluatorWith({ trustsPodVerdicts: true });
    expect(await evaluate(severe, summary, trusting)).toMatchObject({
      verdict: 'failed',
      violations: ['CVE-1', 'CVE-2'],
    });
    const passed = summary.replace('[CVE-1, CVE-2]', '[]');
    expect(await evaluate(severe, passed, trusting)).toMatchObject({ verdict: 'passed', violations: [] });
    const silent = summary.slice(0, summary.indexOf('eval:'));
    expect(await evaluate(severe, silent, trusting)).toMatchObject({ verdict: 'error' });
  });

  it('is the same whatever was evaluated before', async () => {
    const cases = [
      { compiled: severe, text: BAD },
      { compiled: severe, text: reportOf('low') },
      { compiled: narrow, text: BAD },
      { compiled: await policy('wrong'), text: BAD },
      { compiled: await policy('clock'), text: BAD },
      { compiled: severe, text: '{' },
    ];
    const alone: Evaluation[] = [];
    for (const { compiled, text } of cases) alone.push(await evaluate(compiled, text, evaluatorWith()));
    const order = fc.array(fc.nat({ max: cases.length - 1 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(order, async (picked) => {
        const found = await Promise.all(
          picked.map((at) => evaluate(cases[at]?.compiled as CompiledPolicy, cases[at]?.text)),
        );
        expect(found).toEqual(picked.map((at) => alone[at]));
      }),
      { numRuns: 20 },
    );
  });
});

describe('a policy or a report that takes too much', () => {
  it('of time is ended at its deadline, and nobody else is', async () => {
    const hasty = evaluatorWith({ deadline: 1_500 });
    const [late, ...others] = await Promise.all([
      evaluate(await policy('endless'), BAD, hasty),
      evaluate(severe, BAD, hasty),
      evaluate(severe, BAD, hasty),
    ]);
    expect(late).toEqual({
      verdict: 'error',
      violations: [],
      error: 'the evaluation did not end within 1.5 seconds',
      isProvisional: true,
    });
    expect(others.map(({ verdict }) => verdict)).toEqual(['failed', 'failed']);
    expect(await evaluate(severe, BAD, hasty)).toMatchObject({ verdict: 'failed' });
  });

  it('of memory is told so, and nobody else is', async () => {
    const small = evaluatorWith({ memory: 32 * MEBIBYTE });
    const [hungry, other] = await Promise.all([
      evaluate(await policy('hungry'), BAD, small),
      evaluate(severe, BAD, small),
    ]);
    expect(hungry).toMatchObject({ verdict: 'error', error: 'the policy needs more than 32 MiB of memory' });
    expect(other).toMatchObject({ verdict: 'failed' });
    expect(await evaluate(severe, BAD, small)).toMatchObject({ verdict: 'failed' });
  });

  it('of bytes is not looked at', async () => {
    const small = evaluatorWith({ largestReport: MEBIBYTE });
    expect(await evaluate(severe, 'x'.repeat(MEBIBYTE + 1), small)).toEqual({
      verdict: 'error',
      violations: [],
      error: 'the report has 1048577 bytes; the most that is read are 1048576 (1 MiB)',
    });
  });

  it('of one string, 64 MiB long, gets its verdict', async () => {
    const report = `{"bomFormat":"CycloneDX","specVersion":"1.5","x":"${'a'.repeat(64 * MEBIBYTE - 64)}"}`;
    const evaluation = await evaluate(severe, report);
    expect(['passed', 'error']).toContain(evaluation.verdict);
    expect(await evaluate(severe)).toMatchObject({ verdict: 'failed' });
  });

  it('of depth, or of entities, is told so', async () => {
    expect(await evaluate(severe, '['.repeat(100_000))).toMatchObject({ verdict: 'error' });
    const laughs = '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><bom>&lol2;</bom>';
    expect(await evaluate(severe, laughs)).toMatchObject({ error: expect.stringContaining('document type') });
  });
});
