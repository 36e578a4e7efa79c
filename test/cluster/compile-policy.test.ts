/** ScanPolicies on a real API server become bundles: what their events bring about, with the rights of the function alone. */
import { createHash } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { compilePolicy } from '../../functions/compile-policy/handler.ts';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { readEvent } from '../../shared/events/event.ts';
import { APISERVER_ADDED, APISERVER_UPDATED } from '../../shared/events/types.ts';
import { compileRego } from '../../shared/policy/compile.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { readOpaSetting } from '../../shared/runtime/config-policies.ts';
import type { Handled, WorkingFunction } from '../../shared/runtime/function.ts';
import { kubernetesConfigMaps, kubernetesPolicies } from '../../shared/scans/kubernetes-policies.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { kubectlText } from './support/cluster.ts';
import { realConnections } from './support/real-connections.ts';
import { eventually, GROUP, install, newNamespace, tokenOf } from './support/scans.ts';
import { watches } from './support/watch.ts';

/** The garbage collector learns of new kinds every half minute. */
jest.setTimeout(180_000);
const WITHIN = 120_000;

const admin = apiOf(cluster());
const open = realConnections();
const watch = watches();
const opa = readOpaSetting();
let token = '';
let namespace = '';

const GOOD = 'package main\n\ndeny contains msg if some msg in input.bom.components\n';
const OTHER = 'package main\n\ndeny[msg] { msg := input.bom.components[_] }\n';
const BROKEN = 'package main\n\ndeny contains msg if missing(input)\n';

const policiesPath = () => `/apis/${GROUP}/v1beta1/namespaces/${namespace}/scanpolicies`;

beforeAll(async () => {
  await install('rbac/accounts');
  token = await tokenOf('compile-policy', 'scan-status');
});

beforeEach(async () => {
  namespace = await newNamespace(admin, 'policies');
  await install('rbac/namespace', '-n', namespace);
  const account = apiOf(cluster(), { token });
  await eventually(async () => (await account.get(`${policiesPath()}/none`)).code === 404);
});

/** The function, as its account. */
const compiler = (): WorkingFunction => {
  const connection = open({ ...cluster(), token });
  return compilePolicy({
    policies: kubernetesPolicies(connection, GROUP),
    configMaps: kubernetesConfigMaps(connection),
    compile: (text) => compileRego(text, { opa }),
    now: Date.now,
  });
};

const eventOf = (data: JsonObject, type: string) =>
  readEvent({ specversion: '1.0', id: 'random', source: cluster().url, type, data });

/** Hands every change of a policy to the function, as ApiServerSource does, and keeps what came of it. */
const deliver = async (): Promise<readonly Handled[]> => {
  const handled: Handled[] = [];
  const { handle } = compiler();
  await watch(cluster(), policiesPath(), async ({ type, object }) => {
    if (type === 'DELETED') return;
    const event = eventOf(object, type === 'ADDED' ? APISERVER_ADDED : APISERVER_UPDATED);
    handled.push(await handle(event, readScope({})));
  });
  return handled;
};

const apply = (regoFile: string): Promise<string> =>
  kubectlText(cluster(), ['apply', '-n', namespace, '-f', '-'], {
    input: JSON.stringify({
      apiVersion: `${GROUP}/v1beta1`,
      kind: 'ScanPolicy',
      metadata: { name: 'strict' },
      spec: { regoFile },
    }),
  });

const policy = async (): Promise<JsonObject> => (await admin.get(`${policiesPath()}/strict`)).body;
const statusOf = async (): Promise<JsonObject> => {
  const { status } = await policy();
  return isJsonObject(status) ? status : {};
};
const compiledCondition = async (): Promise<JsonObject> =>
  ((await statusOf()).conditions as readonly JsonObject[] | undefined)?.find(({ type }) => type === 'Compiled') ?? {};
const becomes = (status: string, generation: number): Promise<void> =>
  eventually(async () => {
    const condition = await compiledCondition();
    return condition.status === status && condition.observedGeneration === generation;
  });

interface Map {
  readonly metadata: { readonly name: string; readonly ownerReferences?: readonly JsonObject[] };
  readonly immutable?: boolean;
  readonly binaryData?: Readonly<Record<string, string>>;
}

const maps = async (): Promise<readonly Map[]> =>
  (await admin.get(`/api/v1/namespaces/${namespace}/configmaps?labelSelector=app.kubernetes.io/managed-by=scan-status`))
    .body.items as readonly Map[];

const digestOf = ({ binaryData = {} }: Map): string =>
  `sha256:${createHash('sha256')
    .update(Buffer.from(binaryData['bundle.tar.gz'] ?? '', 'base64'))
    .digest('hex')}`;

describe('a ScanPolicy that is applied', () => {
  it('is compiled into a ConfigMap that nobody can change, and its status names it', async () => {
    const handled = await deliver();
    await apply(GOOD);
    await becomes('True', 1);
    expect(await compiledCondition()).toMatchObject({
      reason: 'Compiled',
      message: 'Compiled as main/deny, in Rego v1',
      lastTransitionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    const [map, ...more] = await maps();
    if (map === undefined) throw new Error('there is no ConfigMap');
    expect(more).toEqual([]);
    const { digest } = await compileRego(GOOD, { opa });
    expect(await statusOf()).toMatchObject({
      observedGeneration: 1,
      bundle: { digest, configMap: map.metadata.name },
    });
    expect(digestOf(map)).toBe(digest);
    const { uid } = (await policy()).metadata as JsonObject;
    expect(map.metadata.ownerReferences).toEqual([
      { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy', name: 'strict', uid, controller: true },
    ]);
    const changed = await admin.patch(`/api/v1/namespaces/${namespace}/configmaps/${map.metadata.name}`, {
      binaryData: { 'bundle.tar.gz': btoa('evil') },
    });
    expect(changed.message).toContain('field is immutable when `immutable` is set');
    // The event of its own write is no work.
    await eventually(async () => handled.length === 2);
    expect(handled.map(({ outcome }) => outcome)).toEqual(['applied', 'duplicate']);
    const table = await kubectlText(cluster(), ['get', 'scanpolicies', '-n', namespace]);
    expect(table.trim().split(/\s+/).slice(0, 7)).toEqual([
      'NAME',
      'COMPILED',
      'DIGEST',
      'AGE',
      'strict',
      'True',
      digest,
    ]);
  });

  it('says what the compiler says, and is compiled again when it is mended', async () => {
    await deliver();
    await apply(BROKEN);
    await becomes('False', 1);
    expect(await compiledCondition()).toMatchObject({
      reason: 'CompileError',
      message: 'policy.rego:3:22: rego_type_error: undefined function missing',
    });
    expect((await statusOf()).bundle).toBeUndefined();
    await apply(OTHER);
    await becomes('True', 2);
    expect(await compiledCondition()).toMatchObject({ message: 'Compiled as main/deny, in Rego v0' });
    await apply(BROKEN);
    await becomes('False', 3);
    expect((await statusOf()).bundle).toBeUndefined();
    expect(await maps()).toHaveLength(1);
  });

  it('is compiled once, however many are at it', async () => {
    await apply(GOOD);
    const event = eventOf(await policy(), APISERVER_ADDED);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => compiler().handle(event, readScope({}))));
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual([
      'applied',
      'duplicate',
      'duplicate',
      'duplicate',
    ]);
    expect(await maps()).toHaveLength(1);
    await becomes('True', 1);
  });

  it('takes its ConfigMaps along when it is deleted', async () => {
    await deliver();
    await apply(GOOD);
    await becomes('True', 1);
    await apply(OTHER);
    await becomes('True', 2);
    expect(await maps()).toHaveLength(2);
    await kubectlText(cluster(), ['delete', 'scanpolicy', 'strict', '-n', namespace]);
    await eventually(async () => (await maps()).length === 0, WITHIN);
  });

  it('is compiled anew when it was deleted and applied again', async () => {
    const { handle } = compiler();
    await apply(GOOD);
    const first = eventOf(await policy(), APISERVER_ADDED);
    expect(await handle(first, readScope({}))).toMatchObject({ outcome: 'applied' });
    await kubectlText(cluster(), ['delete', 'scanpolicy', 'strict', '-n', namespace]);
    await apply(GOOD);
    expect(await handle(first, readScope({}))).toMatchObject({ outcome: 'superseded' });
    expect(await handle(eventOf(await policy(), APISERVER_ADDED), readScope({}))).toMatchObject({ outcome: 'applied' });
    const { bundle } = (await statusOf()) as { readonly bundle: JsonObject };
    await eventually(async () => (await maps()).length === 1, WITHIN);
    expect((await maps())[0]?.metadata.name).toBe(bundle.configMap);
  });
});

describe('a ConfigMap', () => {
  it('holds a bundle of a mebibyte, and no larger one', async () => {
    const create = async (bytes: number): Promise<number> => {
      const binaryData = { 'bundle.tar.gz': Buffer.alloc(bytes, 7).toString('base64') };
      const object = { metadata: { name: `of-${bytes}` }, binaryData };
      return (await admin.create(`/api/v1/namespaces/${namespace}/configmaps`, object)).code;
    };
    expect(await create(2 ** 20)).toBe(201);
    expect(await create(2 ** 20 + 1)).toBe(422);
  });
});
