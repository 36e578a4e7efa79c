/** What is made up, on a real cluster: verdicts, reports and compiled policies of whoever has an interest in a pass. */
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import { completeFinish } from '../../shared/conditions/facts.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { compileRego } from '../../shared/policy/compile.ts';
import { SIGNATURE, signWith } from '../../shared/policy/verdict-signature.ts';
import { readOpaSetting } from '../../shared/runtime/config-policies.ts';
import { second } from '../support/arbitraries.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { batch, evaluatedEvent, finishedEvent, startedEvent, withData } from '../support/http-messages.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { functionApi, installFunctions, newAccount, resultsSender } from './support/functions.ts';
import {
  BAD,
  bytesOf,
  CRITICAL,
  denying,
  GOOD,
  objectEvent,
  policyPath,
  refOf,
  reportingJob,
  reportReady,
  statusOf,
} from './support/judged-scans.ts';
import { type JudgingFunctions, judgingFunctions } from './support/judging-functions.ts';
import { kubelets } from './support/kubelet.ts';
import { eventRecorders } from './support/recorded-events.ts';
import { verdictOf } from './support/runs.ts';
import { eventually, newNamespace, newScan, projected, SPECS } from './support/scans.ts';

/** The machine may be busy. */
jest.setTimeout(60_000);

const admin = apiOf(cluster());
const startFunctions = judgingFunctions();
const startKubelet = kubelets();
const record = eventRecorders();
const folder = temporaryFolder();
let namespace = '';

beforeEach(async () => {
  namespace = await newNamespace(admin, 'forged');
});

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const newPair = (): Pair => generateKeyPairSync('ed25519');
const publicPem = ({ publicKey }: Pair): string => publicKey.export({ type: 'spki', format: 'pem' }).toString();
const file = (name: string): string => join(folder, name);
const writePrivate = (name: string, { privateKey }: Pair): void =>
  writeFileSync(file(name), privateKey.export({ type: 'pkcs8', format: 'pem' }));
const writePublic = (name: string, pair: Pair): void => writeFileSync(file(name), publicPem(pair));

const signed = async (event: JsonObject, { privateKey }: Pair): Promise<JsonObject> => {
  const sign = signWith(async () => ({ key: privateKey, alg: 'EdDSA' }));
  return { ...event, [SIGNATURE]: await sign(event.data as JsonObject) };
};

const OURS = newPair();

/** All functions, which sign their verdicts and believe no others. */
const start = (keys: Readonly<Record<string, string>> = {}): Promise<JudgingFunctions> => {
  writePrivate('private.pem', OURS);
  writePublic('public.pem', OURS);
  return startFunctions(namespace, { VERDICT_KEY: file('private.pem'), VERDICT_KEYS: file('public.pem'), ...keys });
};

const ARTIFACT = { registry: { image: SPECS.ImageScan.registry.image } };

/** `alg` with this signature, over nothing that is there. */
const jws = (alg: string, signature: string): string =>
  `${btoa(JSON.stringify({ alg })).replace(/=*$/, '')}..${signature}`;

/** Signed with the public key as if it were a secret that is shared. */
const shared = ({ data }: JsonObject): string => {
  const protectedHeader = jws('HS256', '').slice(0, -2);
  const payload = Buffer.from(canonicalJson(data)).toString('base64url');
  return jws(
    'HS256',
    createHmac('sha256', publicPem(OURS)).update(`${protectedHeader}.${payload}`).digest('base64url'),
  );
};

describe('a pass that evaluate-policy did not sign', () => {
  it('is refused, and changes nothing', async () => {
    const functions = await start();
    const scan = await newScan(admin, namespace);
    const ref = await refOf(admin, scan);
    const pass = evaluatedEvent(ref);
    await functions.post(finishedEvent(ref), '/job-finished');
    const before = await bytesOf(admin, scan);
    const denial = withData(pass, { verdict: 'failed', violations: [CRITICAL] });
    const { data } = pass;
    for (const [forged, status] of [
      [pass, 401],
      [{ ...(await signed(denial, OURS)), data }, 403],
      [{ ...(await signed(evaluatedEvent({ ...ref, run: 'run-2' }), OURS)), data }, 403],
      [{ ...(await signed(evaluatedEvent({ ...ref, uid: 'other' }), OURS)), data }, 403],
      [await signed(pass, newPair()), 403],
      [{ ...pass, [SIGNATURE]: jws('none', 'none') }, 403],
      [{ ...pass, [SIGNATURE]: shared(pass) }, 403],
      [{ ...pass, [SIGNATURE]: '' }, 403],
    ] as const) {
      for (const path of ['/', '/policy-evaluated']) expect((await functions.post(forged, path)).status).toBe(status);
      expect(await bytesOf(admin, scan)).toBe(before);
    }
    expect((await functions.send(batch([pass], '/policy-evaluated'))).status).toBe(400);
    expect(await bytesOf(admin, scan)).toBe(before);
    expect((await functions.post(await signed(pass, OURS))).status).toBe(200);
    expect(await statusOf(admin, scan)).toMatchObject({ compliantArtifact: ARTIFACT });
  });

  it('is refused with a key that was replaced, and no longer with its successor, while the process runs', async () => {
    const [old, other, next] = [newPair(), newPair(), newPair()];
    writePrivate('mine.pem', old);
    writePublic('first.pem', old);
    writePublic('second.pem', other);
    const functions = await start({
      VERDICT_KEY: file('mine.pem'),
      VERDICT_KEYS: [file('first.pem'), file('second.pem')].join(delimiter),
    });
    await functions.compile(denying());
    const scan = await newScan(admin, namespace);
    const ref = await refOf(admin, scan);
    const event = reportReady(ref, { inline: GOOD });
    const own = async (): Promise<JsonObject> => JSON.parse((await functions.post(event, '/evaluate-policy')).body);
    const verdict = await own();
    const answers = async (...events: readonly JsonObject[]): Promise<readonly number[]> => {
      const all: number[] = [];
      for (const one of events) all.push((await functions.post(one)).status);
      return all;
    };
    const [byOther, byNext] = [await signed(verdict, other), await signed(verdict, next)];
    expect(await answers(verdict, byOther, byNext)).toEqual([200, 200, 403]);

    writePublic('first.pem', next);
    writePrivate('mine.pem', next);
    await eventually(async () => (await functions.post(byNext)).status === 200);
    expect(await answers(verdict, byOther)).toEqual([403, 200]);
    await eventually(async () => (await own())[SIGNATURE] === byNext[SIGNATURE]);
  });
});

describe('a verdict that goes from one process to another', () => {
  it('is believed for its signature alone', async () => {
    const judge = await start({ VERDICT_KEY: '' });
    const K_SINK = `${judge.url}/policy-evaluated`;
    const evaluator = await start({ VERDICT_KEYS: '', K_SINK });
    await evaluator.compile(denying());
    const scan = await newScan(admin, namespace);
    const ready = reportReady(await refOf(admin, scan), { inline: BAD });
    expect((await evaluator.post(ready, '/evaluate-policy')).status).toBe(204);
    expect(await statusOf(admin, scan)).toMatchObject({ phase: 'Failed' });

    writePrivate('other.pem', newPair());
    const stranger = await start({ VERDICT_KEYS: '', VERDICT_KEY: file('other.pem'), K_SINK });
    const before = await bytesOf(admin, scan);
    const later = reportReady(await refOf(admin, scan), { inline: GOOD }, { at: second(99) });
    const refused = await stranger.post(later, '/evaluate-policy');
    expect([refused.status, JSON.parse(refused.body).detail]).toEqual([503, expect.stringContaining('answered 403')]);
    expect(await bytesOf(admin, scan)).toBe(before);
  });
});

describe('compliantArtifact', () => {
  it('comes with a signed pass of the newest run, once that is complete, and with nothing else', async () => {
    const functions = await start();
    const scan = await newScan(admin, namespace);
    const ref = await refOf(admin, scan);
    const pass = (run: string, at: string) => signed(evaluatedEvent({ ...ref, run, at }), OURS);
    const ended = (run: string, at: string, data: JsonObject = {}) =>
      withData(finishedEvent({ ...ref, run, at }), data);
    const begun = (run: string, at: string) => startedEvent({ ...ref, run, at });
    const steps: readonly (readonly [what: string, event: JsonObject, compliant: boolean])[] = [
      ['a run begins', begun('run-1', second(0)), false],
      ['it passes before it has ended', await pass('run-1', second(2)), false],
      ['it fails', ended('run-1', second(2), { outcome: 'failed' }), false],
      ['it passes again', await pass('run-1', second(3)), false],
      ['another run is complete', ended('run-2', second(60)), false],
      ['the older one passes again', await pass('run-1', second(99)), false],
      ['the newest passes', await pass('run-2', second(60)), true],
      ['a third begins', begun('run-3', second(120)), false],
      ['the second passes again', await pass('run-2', second(180)), false],
      ['the third is complete', ended('run-3', second(150)), false],
      ['the third passes', await pass('run-3', second(150)), true],
    ];
    for (const [what, event, compliant] of steps) {
      expect((await functions.post(event)).status).toBeLessThan(300);
      expect([what, 'compliantArtifact' in (await statusOf(admin, scan))]).toEqual([what, compliant]);
    }
  });

  it('cannot be written into the status, by a tenant as little as by functions that give no verdicts', async () => {
    await installFunctions(admin, namespace);
    const functions = await start();
    const scan = await newScan(admin, namespace);
    await functions.post(finishedEvent(await refOf(admin, scan)));
    const { runs } = await statusOf(admin, scan);
    const [run] = runs as readonly JsonObject[];
    const before = await bytesOf(admin, scan);
    const passed = { ...run, verdict: verdictOf('passed') } as Parameters<typeof projected>[2][number];
    const later = {
      uid: 'zz',
      age: second(3_599),
      finish: completeFinish(second(3_599)),
      verdict: verdictOf('passed'),
    };
    const forged: readonly JsonObject[] = [
      { compliantArtifact: ARTIFACT },
      { compliantArtifact: ARTIFACT, phase: 'Completed' },
      await projected(admin, scan, [passed]),
      await projected(admin, scan, [later, ...(runs as readonly (typeof later)[])]),
    ];
    const writers = [
      await resultsSender(admin, namespace),
      ...(await Promise.all(
        (['job-started', 'job-finished', 'evaluate-policy'] as const).map((name) => functionApi(name)),
      )),
    ];
    for (const [index, writer] of writers.entries())
      for (const status of forged) {
        const { code } = await writer.patch(`${scan}/status`, { status });
        expect([index, [403, 422].includes(code)]).toEqual([index, true]);
      }
    expect(await bytesOf(admin, scan)).toBe(before);
  });
});

describe('a tenant who may write pods and ConfigMaps', () => {
  const tenantOf = () =>
    newAccount(admin, namespace, 'tenant', [
      { apiGroups: [''], resources: ['pods', 'pods/status', 'configmaps'], verbs: ['*'] },
    ]);

  // While it runs, its controller adopts a pod that has its label; infra/admission/tenants keeps tenants from that.
  it('slips no report under a Job that has ended by the label of a pod', async () => {
    const functions = await start();
    await functions.compile(denying());
    const tenant = await tenantOf();
    const scan = await newScan(admin, namespace);
    const { finishes } = await record(namespace);
    const kubelet = await startKubelet(admin);
    const { job } = await reportingJob(admin, kubelet, scan, BAD);
    const ends = await finishes(job);
    const other = await reportingJob(admin, kubelet, await newScan(admin, namespace), GOOD);
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    const reference = { apiVersion: 'batch/v1', kind: 'Job' };
    const owners: readonly (readonly JsonObject[])[] = [
      [],
      [{ ...reference, name: other.job.name, uid: other.job.uid, controller: true }],
      [{ ...reference, name: job.name, uid: job.uid, controller: false }],
    ];
    for (const [index, ownerReferences] of owners.entries()) {
      const name = `zz-forged-${index}`;
      const labels = { 'batch.kubernetes.io/controller-uid': job.uid };
      const spec = { containers: [{ name: 'scanner', image: 'forger' }], nodeName: kubelet.node };
      expect((await tenant.create(pods, { metadata: { name, labels, ownerReferences }, spec })).message).toBe('');
      const finishedAt = new Date(Date.now() + 60_000).toISOString();
      const state = { terminated: { exitCode: 0, startedAt: finishedAt, finishedAt } };
      const container = { name: 'scanner', image: 'forger', imageID: '', ready: false, restartCount: 0, state };
      const status = { phase: 'Succeeded', containerStatuses: [container] };
      expect((await tenant.patch(`${pods}/${name}/status`, { status })).message).toBe('');
      kubelet.logs.set(`${name}/scanner`, Buffer.from(GOOD));
    }
    for (const end of ends) expect((await functions.send(end)).status).toBe(200);
    expect(await statusOf(admin, scan)).toMatchObject({
      phase: 'Failed',
      conditions: [{}, {}, { message: `Vulnerabilities that failed OPA policy: ${CRITICAL}` }],
    });
    expect(kubelet.asked.filter((log) => log.includes('forged'))).toEqual([]);
  });

  it('puts no other policy in the place of the compiled one', async () => {
    const functions = await start();
    await functions.compile(denying());
    const tenant = await tenantOf();
    const { bundle } = (await admin.get(policyPath(namespace))).body.status as { bundle: { configMap: string } };
    const maps = `/api/v1/namespaces/${namespace}/configmaps`;
    const path = `${maps}/${bundle.configMap}`;
    const lenient = await compileRego(denying(CRITICAL), { opa: readOpaSetting() });
    const binaryData = { 'bundle.tar.gz': Buffer.from(lenient.bundle).toString('base64') };
    expect(await tenant.patch(path, { binaryData })).toMatchObject({
      code: 422,
      message: expect.stringContaining('field is immutable'),
    });
    const { metadata, immutable } = (await tenant.get(path)).body;
    const { name, labels, ownerReferences } = metadata as JsonObject;
    expect((await tenant.send('DELETE', path)).code).toBe(200);

    const scan = await newScan(admin, namespace);
    const ref = await refOf(admin, scan);
    const ask = (seconds: number) =>
      functions.post(reportReady(ref, { inline: BAD }, { at: second(seconds) }), '/evaluate-policy');
    const lost = await ask(1);
    expect([lost.status, JSON.parse(lost.body).detail]).toEqual([
      503,
      expect.stringContaining('has lost its ConfigMap'),
    ]);

    const swapped = { metadata: { name, labels, ownerReferences }, immutable, binaryData };
    expect((await tenant.create(maps, swapped)).code).toBe(201);
    const errorAt = async (seconds: number): Promise<unknown> => {
      expect((await ask(seconds)).status).toBe(200);
      const { phase, conditions } = await statusOf(admin, scan);
      expect([phase, conditions]).toMatchObject(['Error', [{ type: 'PolicySucceeded', status: 'Unknown' }]]);
      return (conditions as readonly JsonObject[])[0]?.error;
    };
    expect(await errorAt(1)).toContain('not the one it is pinned to');
    const compileAgain = async (): Promise<void> => {
      const policy = (await admin.get(policyPath(namespace))).body;
      expect((await functions.post(objectEvent(policy))).status).toBe(204);
    };
    await compileAgain();
    expect(await errorAt(2)).toContain(`ConfigMap ${bundle.configMap} exists, and is not this policy's bundle`);

    expect((await tenant.send('DELETE', path)).code).toBe(200);
    await compileAgain();
    expect((await ask(2)).status).toBe(200);
    expect(await statusOf(admin, scan)).toMatchObject({ phase: 'Failed' });
  });
});
