/** One policy over one report: the verdict, what canaries add to it, and that nothing else does. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { silentFormats } from '../../shared/policy/evaluate.ts';
import type { CompiledPolicy } from '../../shared/policy/evaluation.ts';
import { PolicyFailure } from '../../shared/policy/policy-failure.ts';
import { READERS } from '../../shared/policy/reports/read-report.ts';
import { type AT, cyclonedx, evaluated, evaluationOf, MEBIBYTE, policyNamed, TWO } from '../support/policies.ts';

const LOW = [{ id: 'CVE-2024-2', severities: ['low'] }];
const LOG4SHELL = [{ id: 'CVE-2021-44228', severities: ['critical'] }];
const silence = (format: string): string =>
  `this policy denied nothing in a canary report in ${format}: it may be narrow on purpose, or written for another report format`;
const TRIVY = JSON.stringify({
  SchemaVersion: 2,
  Results: [{ Target: 'a', Vulnerabilities: [{ VulnerabilityID: 'CVE-2024-1', Severity: 'CRITICAL' }] }],
});

describe('a verdict', () => {
  it('tells what the report tells, and the worst of the violations', async () => {
    const report = JSON.stringify({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      metadata: { tools: [{ vendor: 'acme', name: 'scanner', version: '1.2' }] },
      components: [{ 'bom-ref': 'a', name: 'openssl', version: '3.0.1' }],
      vulnerabilities: [
        { id: 'CVE-2024-3', ratings: [{ severity: 'high' }], affects: [{ ref: 'a' }] },
        { id: 'CVE-2024-1', ratings: [{ severity: 'critical' }] },
        { id: 'CVE-2024-2', ratings: [{ severity: 'low' }] },
      ],
    });
    expect(evaluationOf(await policyNamed('severe-messages'), report)).toEqual({
      verdict: 'failed',
      violations: ['CVE-2024-1', 'CVE-2024-3'],
      cveCount: { CRITICAL: 1, HIGH: 1, MEDIUM: 0, LOW: 1, UNKNOWN: 0, CVETOTAL: 3 },
      scanner: { name: 'scanner', vendor: 'acme', version: '1.2' },
      worst: [
        { id: 'CVE-2024-1', severity: 'CRITICAL' },
        { id: 'CVE-2024-3', severity: 'HIGH', component: 'openssl@3.0.1' },
      ],
    });
  });

  it.each([
    ['is empty', '', 'the report is empty'],
    ['is cut', '{"bomFormat":"CycloneDX",', 'the report ends in the middle'],
    ['is none', '{"a":1}', 'the report is not one of cyclonedx-json, '],
    ['nests too deep', '['.repeat(1_000_000), 'the report nests deeper than 100 levels'],
    ['is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'the report is not UTF-8'],
  ])('is an error over a report that %s', async (_, report, problem) => {
    const { verdict, violations, error } = evaluationOf(await policyNamed('severe-messages'), report);
    expect([verdict, violations]).toEqual(['error', []]);
    expect(error).toContain(problem);
  });

  it('is an error over a report of another format than is said', async () => {
    const policy = await policyNamed('severe-messages');
    expect(evaluationOf(policy, cyclonedx(TWO), { format: 'trivy' }).error).toBe(
      'the report is said to be trivy, and is cyclonedx-json',
    );
    expect(evaluationOf(policy, cyclonedx(TWO), { format: 'cyclonedx-json' }).verdict).toBe('failed');
  });

  it('is an error over a report that would not fit into the heap', async () => {
    const report = JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', x: Array(60_000).fill({}) });
    const policy = await policyNamed('severe-messages');
    expect(evaluationOf(policy, report, { heap: 16 * MEBIBYTE }).error).toBe(
      'the report could take more than 14 MiB of memory to read',
    );
    expect(evaluationOf(policy, report, { heap: 32 * MEBIBYTE }).verdict).toBe('passed');
  });

  it('is an error in one line, however long the policy makes it', async () => {
    const name = `${'x'.repeat(9_000)}\n`;
    const { module } = await policyNamed('other');
    const { error = '' } = evaluationOf({ digest: 'sha256:0', module, entrypoints: [name] }, cyclonedx(TWO));
    expect(error).toMatch(/^the policy's entrypoints must be one of [^\n]{1,200}…$/);
  });

  it('tells what the report told, even where the policy breaks', async () => {
    expect(evaluationOf(await policyNamed('misbehaves'), cyclonedx(TWO, 'conflicts'))).toEqual({
      verdict: 'error',
      violations: [],
      cveCount: { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 1, UNKNOWN: 0, CVETOTAL: 2 },
      error: 'the policy ended with an error: misbehaves.rego:40:1: var assignment conflict',
    });
  });
});

describe('a scan-result', () => {
  const written = (evaluation: string): string =>
    `scan:\n  cveCount: {critical: 1, high: 0, medium: 2, low: 0, unknown: 0}\n  scanner: {name: grype, version: 1}\n${evaluation}`;
  const VIOLATED = written('eval:\n  violations: [CVE-2024-2, CVE-2024-1, CVE-2024-2]\n');
  const told = {
    cveCount: { CRITICAL: 1, HIGH: 0, MEDIUM: 2, LOW: 0, UNKNOWN: 0, CVETOTAL: 3 },
    scanner: { name: 'grype', version: '1' },
  };

  it.each([VIOLATED, written('eval:\n  violations: []\n')])(
    'is not believed, but for its counts: %j',
    async (report) => {
      expect(evaluationOf(await policyNamed('severe-messages'), report)).toEqual({
        verdict: 'error',
        violations: [],
        ...told,
        error: 'a scan-result holds the verdict of the pod itself, which is not believed here',
      });
    },
  );

  it('is believed where pods are trusted, whatever the policy', async () => {
    const trusting = { trustsPodVerdicts: true, canaryIsStrict: true };
    const policy = await policyNamed('tokens');
    expect(evaluationOf(policy, VIOLATED, trusting)).toEqual({
      verdict: 'failed',
      violations: ['CVE-2024-1', 'CVE-2024-2'],
      ...told,
    });
    expect(evaluationOf(policy, written('eval:\n  violations: []\n'), trusting)).toEqual({
      verdict: 'passed',
      violations: [],
      ...told,
    });
    expect(evaluationOf(policy, written(''), trusting)).toEqual({
      verdict: 'error',
      violations: [],
      ...told,
      error: 'the scan-result holds no verdict: it has no eval',
    });
  });
});

describe('a canary', () => {
  it('is not heard of where the policy sees it', async () => {
    expect(evaluationOf(await policyNamed('severe-messages'), cyclonedx(LOW))).not.toHaveProperty('warnings');
    expect(evaluationOf(await policyNamed('root-messages'), cyclonedx(LOW))).not.toHaveProperty('warnings');
    expect(evaluationOf(await policyNamed('each-vulnerability'), TRIVY.replace('CRITICAL', 'LOW'))).not.toHaveProperty(
      'warnings',
    );
  });

  it.each([
    ['that was written for another format', 'severe-messages', TRIVY, 'trivy'],
    ['that is narrow', 'narrow-root-messages', cyclonedx(LOW), 'cyclonedx-json'],
    [
      'that denies what is no report, and never looks at vulnerabilities',
      'never-looks',
      cyclonedx(TWO),
      'cyclonedx-json',
    ],
  ])('warns of a policy %s, and is an error where that is asked for', async (_, name, report, format) => {
    const policy = await policyNamed(name);
    expect(evaluationOf(policy, report)).toMatchObject({ verdict: 'passed', warnings: [silence(format)] });
    const strict = evaluationOf(policy, report, { canaryIsStrict: true });
    expect(strict).toMatchObject({
      verdict: 'error',
      violations: [],
      error: silence(format),
      cveCount: { CVETOTAL: expect.any(Number) },
    });
    expect(strict).not.toHaveProperty('warnings');
  });

  it('takes nothing from what is denied', async () => {
    for (const canaryIsStrict of [false, true]) {
      const evaluation = evaluationOf(await policyNamed('narrow-root-messages'), cyclonedx(LOG4SHELL), {
        canaryIsStrict,
      });
      expect(evaluation).toMatchObject({ verdict: 'failed', violations: ['CVE-2021-44228'] });
      expect(evaluation).not.toHaveProperty('warnings');
    }
  });

  it('is seen by a policy that names no vulnerability, where it says more than of none', async () => {
    const policy = await policyNamed('nameless-messages');
    const { learnt } = evaluated(policy, cyclonedx(LOW));
    expect(learnt).toEqual({ format: 'cyclonedx-json', canary: { judge: 0 } });
  });

  it('is seen by a policy that holds from some day on, and by one that breaks over another canary', async () => {
    for (const name of ['future-only', 'breaks-over-unknown'])
      expect(evaluationOf(await policyNamed(name), cyclonedx(LOW), { canaryIsStrict: true })).toMatchObject({
        verdict: 'passed',
      });
  });

  it('tells in which of two ways the policy is shown a report', async () => {
    const ways = async (name: string) => evaluated(await policyNamed(name), cyclonedx(TWO)).learnt?.canary.judge;
    expect([await ways('severe-messages'), await ways('root-messages'), await ways('narrow-root-messages')]).toEqual([
      0,
      1,
      undefined,
    ]);
  });

  it('is not tried again where it is known what comes of it', async () => {
    const policy = await policyNamed('root-messages');
    const known = (judge: number | undefined) =>
      evaluated(policy, cyclonedx(TWO), { canaries: { 'cyclonedx-json': { judge } } });
    expect(known(1).evaluation).toMatchObject({ verdict: 'failed', violations: ['CVE-2024-1'] });
    // Had it been tried, the policy would not have been shown the report in the wrong way.
    expect(known(0).evaluation).toMatchObject({ verdict: 'passed' });
    expect(known(undefined).learnt).toEqual({ format: 'cyclonedx-json', canary: { judge: undefined } });
  });

  it('depends on the policy and the format alone', async () => {
    const policy = await policyNamed('future-only');
    const learnt = (report: Uint8Array, options: Parameters<typeof evaluated>[2]) =>
      evaluated(policy, report, options).learnt;
    const early = learnt(cyclonedx(LOW), { scan: { name: 'a' } });
    expect(early).toEqual({ format: 'cyclonedx-json', canary: { judge: 0 } });
    expect(learnt(cyclonedx(TWO, 'shop'), { canaryIsStrict: true })).toEqual(early);
  });
});

describe('the formats in which a policy is silent', () => {
  const formatsOf = async (name: string) =>
    silentFormats({ policy: await policyNamed(name), memory: 64 * MEBIBYTE, heap: 512 * MEBIBYTE });

  it('are those in which it denies nothing that is planted', async () => {
    const judged = READERS.map(({ format }) => format).filter((format) => format !== 'scan-result');
    const others = judged.filter((format) => !format.startsWith('cyclonedx'));
    expect(await formatsOf('each-vulnerability')).toEqual([]);
    expect(await formatsOf('severe-messages')).toEqual(others);
    expect(await formatsOf('root-messages')).toEqual(['cyclonedx-xml', ...others]);
    expect(await formatsOf('never-looks')).toEqual(judged);
  });

  it('cannot be told of a policy that cannot be asked', async () => {
    await expect(formatsOf('tokens')).rejects.toThrow(
      new PolicyFailure('the policy calls io.jwt.decode, which is not available here'),
    );
    await expect(formatsOf('other')).rejects.toThrow(/^the policy's entrypoints must be one of /);
  });
});

describe('the same request', () => {
  it('is evaluated alike whatever was evaluated before', async () => {
    const requests: readonly (readonly [CompiledPolicy, Uint8Array | string])[] = [
      [await policyNamed('severe-messages'), cyclonedx(TWO)],
      [await policyNamed('severe-messages'), TRIVY],
      [await policyNamed('root-messages'), cyclonedx(TWO)],
      [await policyNamed('each-vulnerability'), cyclonedx(TWO)],
      [await policyNamed('clock'), cyclonedx(TWO)],
      [await policyNamed('answers-main'), cyclonedx(TWO, 'nameless')],
      ...(await Promise.all(
        ['good', 'conflicts', 'calls', 'allocates', 'prints'].map(
          async (name) => [await policyNamed('misbehaves'), cyclonedx(TWO, name)] as const,
        ),
      )),
    ];
    const evaluate = (at: number) => {
      const [policy, report] = requests[at] as (typeof requests)[number];
      return evaluated(policy, report, { memory: 24 * MEBIBYTE });
    };
    const alone = requests.map((_, at) => evaluate(at));
    expect(new Set(alone.map(({ evaluation }) => evaluation.verdict))).toEqual(new Set(['passed', 'failed', 'error']));
    fc.assert(
      fc.property(fc.array(fc.nat({ max: requests.length - 1 }), { maxLength: 20 }), (order) => {
        expect(order.map(evaluate)).toEqual(order.map((at) => alone[at]));
      }),
      { numRuns: 25 },
    );
  });

  it('is evaluated at its own instant', async () => {
    const policy = await policyNamed('future-only');
    expect(evaluationOf(policy, cyclonedx(TWO)).verdict).toBe('passed');
    const later = '2030-01-01T00:00:00Z' as typeof AT;
    expect(evaluationOf(policy, cyclonedx(TWO), { evaluatedAt: later }).verdict).toBe('failed');
  });
});
