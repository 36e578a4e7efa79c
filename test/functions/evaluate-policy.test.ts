/** A report is there, and the scan's policy is evaluated over it: the verdict that is told, whatever is wrong. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { evaluatePolicy } from '../../functions/evaluate-policy/handler.ts';
import { evaluateNothing } from '../../functions/evaluate-policy/without-cluster.ts';
import { jobFinished } from '../../functions/job-finished/handler.ts';
import { policyEvaluated } from '../../functions/policy-evaluated/handler.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readEvent } from '../../shared/events/event.ts';
import { policyEvaluatedData } from '../../shared/events/policy-evaluated.ts';
import { JOB_FINISHED, POLICY_EVALUATED, REPORT_READY } from '../../shared/events/types.ts';
import { compiledModules } from '../../shared/policy/bundle/compiled.ts';
import { openBundles } from '../../shared/policy/bundle/sources.ts';
import { EVALUATOR_DEFAULTS, type Evaluator, startEvaluator } from '../../shared/policy/evaluator.ts';
import { RefusedSource } from '../../shared/remote/refused-source.ts';
import { deliver } from '../../shared/runtime/answer.ts';
import { readScope } from '../../shared/runtime/config.ts';
import type { AnyFunction, Handled } from '../../shared/runtime/function.ts';
import { inProcessOutput } from '../../shared/runtime/in-process.ts';
import { startMetrics } from '../../shared/runtime/metrics.ts';
import { receive } from '../../shared/runtime/receive.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { PodLog } from '../../shared/scans/pod-logs.ts';
import type { ConfigMap, ScanPolicy } from '../../shared/scans/policies.ts';
import { newScan, type StoredScan } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { errorOf } from '../support/error-of.ts';
import { logInMemory } from '../support/server-in-process.ts';
import { statuses } from '../support/statuses.ts';

const BUNDLE = readFileSync(new URL('fixtures/severe.tar.gz', import.meta.url));
const DIGEST = `sha256:${createHash('sha256').update(BUNDLE).digest('hex')}`;
const NARROW = readFileSync(new URL('fixtures/narrow.tar.gz', import.meta.url));
const SCAN = { kind: 'ImageScan', namespace: 'team', name: 'shop', uid: 'scan-1' };
const FINISH = '2026-11-23T05:51:52Z';
const scope = readScope({});

const reportOf = (...severities: readonly string[]): string =>
  JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    vulnerabilities: severities.map((severity, at) => ({ id: `CVE-1-${at}`, ratings: [{ severity }] })),
  });
const BAD = reportOf('critical', 'low');
const GOOD = reportOf('low');

const POLICY: ScanPolicy = {
  apiVersion: 'scanning.apps.tanzu.vmware.com/v1beta1',
  namespace: 'team',
  name: 'strict',
  uid: 'policy-1',
  resourceVersion: '7',
  generation: 3,
  annotations: {},
  spec: { regoFile: 'package scan' },
  status: {
    observedGeneration: 3,
    bundle: { digest: DIGEST, configMap: 'strict-1' },
    conditions: [{ type: 'Compiled', status: 'True', observedGeneration: 3 }],
  },
};

const mapOf = (members: Partial<ConfigMap>): ConfigMap => ({
  metadata: { name: 'a-map' },
  data: {},
  binaryData: {},
  ...members,
});
const COMPILED = mapOf({ binaryData: { 'bundle.tar.gz': BUNDLE.toString('base64') } });

interface World {
  readonly policy?: ScanPolicy | undefined;
  readonly scanPolicy?: string | undefined;
  readonly uid?: string;
  readonly configMaps?: Readonly<Record<string, ConfigMap>>;
  readonly logs?: Readonly<Record<string, PodLog>>;
  readonly fetched?: string | Error;
  readonly evaluator?: Evaluator;
}

const evaluator = startEvaluator(EVALUATOR_DEFAULTS);
const modules = compiledModules();
afterAll(() => evaluator.close());

/** The function in a cluster that is as told. */
const functionIn = (world: World) => {
  const { policy = POLICY, scanPolicy = 'strict', uid = SCAN.uid, logs = {}, fetched = '' } = world;
  const configMaps: Readonly<Record<string, ConfigMap>> = { 'strict-1': COMPILED, ...world.configMaps };
  const found: StoredScan = {
    ...newScan({ ...SCAN, uid }),
    spec: scanPolicy === '' ? { namesPolicy: false } : { namesPolicy: true, policy: scanPolicy },
  };
  return evaluatePolicy({
    store: { find: async () => [found] },
    policies: {
      get: async (namespace, name) => (namespace === 'team' && name === policy.name ? policy : undefined),
      patchStatus: async () => undefined,
    },
    configMaps: {
      get: async (_, name) => configMaps[name],
      create: async () => 'exists',
    },
    bundles: {
      compiled: openBundles({ allows: () => false, privateAddresses: [] }),
      brought: async () => openBundles({ allows: () => false, privateAddresses: [] }),
    },
    logs: { read: async (_, __, container) => logs[container] },
    sources: {
      fetchSource: async () => {
        if (typeof fetched !== 'string') throw fetched;
        return Buffer.from(fetched);
      },
      close: () => undefined,
    },
    largest: 1_000_000,
    evaluator: world.evaluator ?? evaluator,
    modules,
    cluster: 'test',
  });
};

const finished = (more: JsonObject = {}) =>
  readEvent({
    specversion: '1.0',
    id: '1',
    source: '/x',
    type: JOB_FINISHED,
    traceparent: '00-1',
    data: { scan: SCAN, run: { job: 'j', uid: 'run-1' }, finishedAt: FINISH, outcome: 'complete', ...more },
  });

const ready = (report: JsonObject, more: JsonObject = {}) =>
  readEvent({
    specversion: '1.0',
    id: '2',
    source: '/x',
    type: REPORT_READY,
    data: { scan: SCAN, run: { uid: 'run-1' }, requestedAt: '2026-11-23T06:00:00Z', report, ...more },
  });

const inline = (text: string) => ready({ inline: text });
const dataOf = ({ emits }: Handled): JsonObject => (emits[0]?.data ?? {}) as JsonObject;
const logOf = (text: string, mayBeCut = false): PodLog => ({ bytes: Buffer.from(text), mayBeCut });

describe('evaluate-policy', () => {
  it('tells the verdict on a finished Job by the log of its scanner, as of its finish', async () => {
    const handled = await functionIn({ logs: { scanner: logOf(BAD) } }).handle(finished(), scope);
    expect(handled).toMatchObject({ outcome: 'applied', scan: SCAN });
    const [event] = handled.emits;
    expect(event).toMatchObject({
      type: POLICY_EVALUATED,
      source: '/scanstatus/test',
      subject: 'team/ImageScan/shop',
      time: FINISH,
      traceparent: '00-1',
      data: {
        scan: SCAN,
        run: { uid: 'run-1' },
        policy: { name: 'strict', digest: DIGEST, generation: 3 },
        evaluatedAt: FINISH,
        verdict: 'failed',
        violations: ['CVE-1-0'],
        worst: [{ id: 'CVE-1-0', severity: 'CRITICAL' }],
        cveCount: { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 1, UNKNOWN: 0, CVETOTAL: 2 },
      },
    });
    expect(policyEvaluatedData.safeParse(event?.data).success).toBe(true);
  });

  it('makes the same event of the same request, however often it is asked', async () => {
    const one = functionIn({ logs: { scanner: logOf(BAD) } });
    const [first, second] = [await one.handle(finished(), scope), await one.handle(finished(), scope)];
    expect(second).toEqual(first);
  });

  it('reads reports that are inline, in a ConfigMap, or at a URL', async () => {
    const configMaps = {
      report: mapOf({ data: { text: BAD }, binaryData: { bytes: Buffer.from(BAD).toString('base64') } }),
    };
    const one = functionIn({ configMaps, fetched: BAD });
    const base64 = { inline: Buffer.from(BAD).toString('base64'), encoding: 'base64' };
    const hashed = { dataref: 's3://b/k', sha256: createHash('sha256').update(BAD).digest('hex') };
    const text = { configMap: { name: 'report', key: 'text' }, format: 'cyclonedx-json' };
    const bytes = { configMap: { name: 'report', key: 'bytes' } };
    for (const report of [{ inline: BAD }, base64, text, bytes, { dataref: 'https://r/x' }, hashed])
      expect(dataOf(await one.handle(ready(report), scope))).toMatchObject({
        verdict: 'failed',
        violations: ['CVE-1-0'],
        evaluatedAt: '2026-11-23T06:00:00Z',
      });
  });

  it('prefers what the scanner wrote to what the pod says of it, which is not believed', async () => {
    const summary = logOf('scan:\n  cveCount: { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 }\n');
    const both = functionIn({ logs: { scanner: logOf(BAD), summary } });
    expect(dataOf(await both.handle(finished(), scope))).toMatchObject({ verdict: 'failed' });
    const alone = functionIn({ logs: { summary } });
    expect(dataOf(await alone.handle(finished(), scope))).toMatchObject({
      verdict: 'error',
      error: expect.stringContaining('not believed'),
      cveCount: { CVETOTAL: 0 },
    });
  });

  it.each<[string, World, ReturnType<typeof finished>, string]>([
    ['a log that is cut', { logs: { scanner: logOf(BAD.slice(9), true) } }, finished(), 'so long that it may be cut'],
    ['a report that is none', {}, inline('hello'), 'the report'],
    ['a format that is not its own', {}, ready({ inline: BAD, format: 'trivy' }), 'is said to be trivy'],
  ])('tells an error where there is %s', async (_, world, event, text) => {
    const handled = await functionIn(world).handle(event, scope);
    expect(dataOf(handled)).toMatchObject({
      verdict: 'error',
      violations: [],
      error: expect.stringContaining(text),
      policy: { digest: DIGEST, generation: 3 },
    });
    expect(policyEvaluatedData.safeParse(dataOf(handled)).success).toBe(true);
    expect(handled.why).toContain(text);
  });

  it.each<[string, World, ReturnType<typeof finished>, string]>([
    ['log', {}, finished(), 'no pod that succeeded with a log of container scanner or summary'],
    ['such ConfigMap', {}, ready({ configMap: { name: 'x', key: 'y' } }), 'there is no ConfigMap team/x'],
    ['such key', { configMaps: { x: mapOf({}) } }, ready({ configMap: { name: 'x', key: 'y' } }), 'has no key y'],
    ['such hash', { fetched: BAD }, ready({ dataref: 'https://r/', sha256: 'a'.repeat(64) }), 'not the one'],
    ['source to be read', { fetched: new RefusedSource('no!') }, ready({ dataref: 'https://r/' }), 'no!'],
  ])('tells an error where there is no %s, which takes no verdict away', async (_, world, event, text) => {
    const handled = await functionIn(world).handle(event, scope);
    expect(dataOf(handled)).toMatchObject({
      verdict: 'error',
      violations: [],
      error: expect.stringContaining(text),
      policy: { digest: 'none', generation: 3 },
    });
    expect(policyEvaluatedData.safeParse(dataOf(handled)).success).toBe(true);
    expect(handled.why).toContain(text);
    const store = memoryStore({ maximum: 10 });
    const evaluated = await functionIn({ logs: { scanner: logOf(GOOD) }, fetched: GOOD }).handle(
      event.type === REPORT_READY ? inline(GOOD) : event,
      scope,
    );
    const functions = [policyEvaluated];
    for (const envelopes of [evaluated.emits, handled.emits, evaluated.emits])
      await receive({ mode: 'batch', envelopes }, functions, { store, scope });
    expect(await statuses(store)).toMatchObject({
      'team/ImageScan/shop': { conditions: [{ type: 'PolicySucceeded', status: 'True' }] },
    });
  });

  it('tells an evaluation that circumstances ended as one that any later one overrides', async () => {
    const hurried: Evaluator = {
      ...evaluator,
      evaluate: async () => ({ verdict: 'error', violations: [], error: 'late', isProvisional: true }),
    };
    const data = dataOf(await functionIn({ evaluator: hurried }).handle(inline(BAD), scope));
    expect(data).toMatchObject({ verdict: 'error', error: 'late', policy: { digest: 'none', generation: 3 } });
    expect(data).not.toHaveProperty('isProvisional');
  });

  const withStatus = (status: JsonObject): ScanPolicy => ({ ...POLICY, status: { ...POLICY.status, ...status } });
  const failing = { type: 'Compiled', status: 'False', message: 'policy.rego:1: oops', observedGeneration: 3 };

  it.each<[string, World, string, JsonObject]>([
    ['there is no such policy', { scanPolicy: 'gone' }, 'there is no ScanPolicy team/gone', { name: 'gone' }],
    ['the policy does not compile', { policy: withStatus({ conditions: [failing] }) }, 'oops', { generation: 3 }],
    [
      'somebody changed the compiled policy',
      { configMaps: { 'strict-1': mapOf({ binaryData: { 'bundle.tar.gz': NARROW.toString('base64') } }) } },
      'not the one it is pinned to',
      { generation: 3 },
    ],
    [
      'the policy brings a bundle from where nothing may be fetched',
      { policy: { ...POLICY, spec: { bundle: { url: 'https://b.example/x' } } } },
      'not an allowed source',
      { generation: 3 },
    ],
    [
      'the policy names a ConfigMap that is not there',
      { policy: { ...POLICY, spec: { bundle: { configMap: { name: 'none' } } } } },
      'there is no ConfigMap team/none',
      { generation: 3 },
    ],
  ])('tells an error where %s, which any later evaluation overrides', async (_, world, text, policy) => {
    const handled = await functionIn(world).handle(inline(GOOD), scope);
    expect(dataOf(handled)).toMatchObject({
      verdict: 'error',
      error: expect.stringContaining(text),
      policy: { ...policy, digest: 'none' },
    });
    expect('none' < DIGEST).toBe(true);
  });

  it('takes a bundle that the policy brings along', async () => {
    const policy: ScanPolicy = { ...POLICY, spec: { bundle: { configMap: { name: 'strict-1' } } }, status: {} };
    expect(dataOf(await functionIn({ policy }).handle(inline(GOOD), scope))).toMatchObject({ verdict: 'passed' });
  });

  it.each<[string, World]>([
    ['the policy is not compiled yet', { policy: { ...POLICY, status: {} } }],
    ['only an earlier policy was compiled', { policy: { ...POLICY, generation: 4 } }],
    ['the compiled policy was lost', { policy: withStatus({ bundle: { digest: DIGEST, configMap: 'lost' } }) }],
  ])('asks to be asked again where %s', async (_, world) => {
    expect(await errorOf(functionIn(world).handle(inline(GOOD), scope))).toBeInstanceOf(Unavailable);
  });

  it('asks to be asked again where a source cannot be reached', async () => {
    const one = functionIn({ fetched: new Unavailable('down') });
    expect(await errorOf(one.handle(ready({ dataref: 'https://r/' }), scope))).toBeInstanceOf(Unavailable);
  });

  it('ignores scans that name no policy, Jobs that did not complete, and namespaces that are not kept', async () => {
    const one = functionIn({});
    const few = readScope({ SCAN_NAMESPACES: 'other' });
    const cases = await Promise.all([
      functionIn({ scanPolicy: '' }).handle(inline(BAD), scope),
      one.handle(finished({ outcome: 'failed' }), scope),
      one.handle(inline(BAD), few),
    ]);
    expect(cases.map(({ outcome, why }) => [outcome, why])).toEqual([
      ['ignored', 'the scan names no policy'],
      ['ignored', 'the Job did not complete, so there is no report'],
      ['ignored', 'namespace other is not kept'.replace('other', 'team')],
    ]);
    expect(cases.flatMap(({ emits }) => emits)).toEqual([]);
  });

  it('is too late for a scan that was recreated', async () => {
    const handled = await functionIn({ uid: 'scan-2' }).handle(inline(BAD), scope);
    expect(handled).toMatchObject({ outcome: 'superseded', emits: [] });
  });

  it.each<[JsonObject, string]>([
    [{}, 'data.report: must have exactly one of inline, dataref, configMap'],
    [{ inline: 'x', dataref: 'y' }, 'data.report: must have exactly one of inline, dataref, configMap'],
    [{ inline: '~', encoding: 'base64' }, 'data.report.inline: must be base64'],
    [{ dataref: 'x', encoding: 'base64' }, 'data.report.encoding: is for an inline report'],
    [{ inline: 'x', format: 'pdf' }, 'data.report.format: must be one of'],
    [{ inline: 'x', sha256: 'A' }, 'data.report.sha256: must be 64'],
    [{ configMap: { name: '../x', key: 'y' } }, 'data.report.configMap.name: must be the name'],
  ])('rejects a report-ready event whose report is %j, naming the field', async (report, text) => {
    expect(await errorOf(functionIn({}).handle(ready(report), scope))).toMatchObject({
      name: 'Rejected',
      message: expect.stringContaining(text),
    });
    expect(() => evaluateNothing.fact(ready(report), scope)).toThrow(text);
  });

  it('warns of a pass by a policy that denies nothing in a canary, which is an error where that is asked for', async () => {
    const configMaps = { narrow: mapOf({ binaryData: { 'policy.tar.gz': NARROW.toString('base64') } }) };
    const spec = { bundle: { configMap: { name: 'narrow', key: 'policy.tar.gz' } } };
    const warned = await functionIn({ policy: { ...POLICY, spec }, configMaps }).handle(inline(GOOD), scope);
    const text = 'denied nothing in a canary report in cyclonedx-json';
    expect(dataOf(warned)).toMatchObject({ verdict: 'passed', warnings: [expect.stringContaining(text)] });
    expect(warned.why).toContain(text);
    const annotations = { 'scanstatus.dev/canary': 'strict' };
    const strict = functionIn({ policy: { ...POLICY, spec, annotations }, configMaps });
    expect(dataOf(await strict.handle(inline(GOOD), scope))).toMatchObject({
      verdict: 'error',
      error: expect.stringContaining(text),
    });
  });

  it('evaluates nothing where there is no cluster', () => {
    expect(evaluateNothing.fact(inline(BAD), scope)).toEqual({ ignored: 'the scan names no policy' });
  });
});

describe('a verdict that is emitted in the process of policy-evaluated', () => {
  const services = (maximum: number) => ({ store: memoryStore({ maximum }), scope });
  const received = async (event: object, functions: readonly AnyFunction[], given: ReturnType<typeof services>) => {
    const around = { ...given, cluster: 'test', log: logInMemory().log, metrics: startMetrics() };
    const here = inProcessOutput([policyEvaluated], around);
    return (await deliver(await receive(structured(event), functions, given), { cluster: 'test', here })).received;
  };
  const structured = (event: object) => {
    const { extensions, ...rest } = event as { readonly extensions: object };
    return { mode: 'structured' as const, envelopes: [{ ...rest, ...extensions }] };
  };

  it('is a condition at once, beside that of the finish', async () => {
    const given = services(10);
    const functions = [jobFinished, functionIn({ logs: { scanner: logOf(BAD) } })];
    expect(await received(finished(), functions, given)).toMatchObject([
      { outcome: 'applied', emits: [{ type: POLICY_EVALUATED }] },
    ]);
    expect(await statuses(given.store)).toMatchObject({
      'team/ImageScan/shop': {
        phase: 'Failed',
        cveCount: { CVETOTAL: 2 },
        conditions: [
          { type: 'Scanning', status: 'False' },
          { type: 'Succeeded', status: 'True' },
          { type: 'PolicySucceeded', status: 'False', message: expect.stringContaining('CVE-1-0') },
        ],
      },
    });
  });

  it('is not lost where the store cannot take it', async () => {
    expect(await received(inline(BAD), [functionIn({})], services(0))).toMatchObject([{ outcome: 'unavailable' }]);
  });
});
