/** ScanPolicies and ConfigMaps of an API server: read whatever somebody wrote, and written without overwriting others. */
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { kubernetesConfigMaps, kubernetesPolicies } from '../../shared/scans/kubernetes-policies.ts';
import type { ConfigMaps, Policies } from '../../shared/scans/policies.ts';
import { Conflict, Unavailable } from '../../shared/scans/unavailable.ts';
import { failure } from '../support/api-objects.ts';
import { type ApiServer, type ApiServerSettings, apiServers, GROUP, type Trouble } from '../support/api-server.ts';
import { errorOf } from '../support/error-of.ts';
import { kubernetesStores } from '../support/kubernetes-stores.ts';

const serve = apiServers();
const open = kubernetesStores();

interface Served {
  readonly server: ApiServer;
  readonly policies: Policies;
  readonly configMaps: ConfigMaps;
}

const start = async (settings: ApiServerSettings = {}): Promise<Served> => {
  const server = await serve({ resources: ['scanpolicies'], ...settings });
  const { connection } = open(server);
  return { server, policies: kubernetesPolicies(connection, GROUP), configMaps: kubernetesConfigMaps(connection) };
};

const putPolicy = ({ server }: Served, more: JsonObject = {}, metadata: JsonObject = {}): void => {
  const named = { namespace: 'team', name: 'strict', uid: 'uid-1', ...metadata };
  server.objects.put('scanpolicies', { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy', metadata: named, ...more });
};

const json = (body: unknown): string => JSON.stringify(body);

/** Meets the first request of this method with trouble, and no other. */
const troubleOnce = ({ server }: Served, method: string, trouble: Trouble): void => {
  let met = false;
  server.trouble((asked) => {
    if (met || asked.method !== method) return undefined;
    met = true;
    return trouble;
  });
};

describe('a ScanPolicy', () => {
  it('is read with all that a policy has', async () => {
    const served = await start();
    const spec = { regoFile: 'package main' };
    const status = { observedGeneration: 2, theirs: { deep: [1] } };
    putPolicy(served, { spec, status }, { generation: 3, annotations: { 'scanstatus.dev/canary': 'strict' } });
    expect(await served.policies.get('team', 'strict')).toEqual({
      apiVersion: `${GROUP}/v1beta1`,
      namespace: 'team',
      name: 'strict',
      uid: 'uid-1',
      resourceVersion: '101',
      generation: 3,
      annotations: { 'scanstatus.dev/canary': 'strict' },
      spec,
      status,
    });
  });

  it.each<[what: string, spec: unknown, read: JsonObject]>([
    [
      'a bundle of a URL',
      { bundle: { url: 'https://a', digest: 'sha256:0' } },
      { bundle: { url: 'https://a', digest: 'sha256:0' } },
    ],
    [
      'a bundle of a ConfigMap',
      { bundle: { configMap: { name: 'a', key: 'b' } } },
      { bundle: { configMap: { name: 'a', key: 'b' } } },
    ],
    ['a ConfigMap without a key', { bundle: { configMap: { name: 'a' } } }, { bundle: { configMap: { name: 'a' } } }],
    ['a ConfigMap without a name', { bundle: { configMap: { key: 'b' } } }, { bundle: {} }],
    ['an empty bundle', { bundle: {} }, { bundle: {} }],
    ['a bundle that is none', { bundle: 'https://a', regoFile: 'a' }, { regoFile: 'a' }],
    [
      'texts that are none',
      { regoFile: 7, bundle: { url: ['a'], digest: {}, configMap: { name: null } } },
      { bundle: {} },
    ],
    ['an empty text', { regoFile: '' }, {}],
    ['no spec', undefined, {}],
    ['a spec that is none', ['a'], {}],
  ])('is read whatever its spec: %s', async (_, spec, read) => {
    const served = await start();
    putPolicy(served, { spec, status: 'none' }, { annotations: { a: 1, b: 'c' }, generation: 'x' });
    expect(await served.policies.get('team', 'strict')).toMatchObject({
      spec: read,
      status: {},
      annotations: { b: 'c' },
      generation: 0,
    });
    expect((await served.policies.get('team', 'strict'))?.spec).toEqual(read);
  });

  it('may be annotated like a prototype, and harms nobody', async () => {
    const served = await start();
    putPolicy(served, {}, { annotations: JSON.parse('{"__proto__":"a","constructor":"b"}') });
    const found = await served.policies.get('team', 'strict');
    expect(Object.entries(found?.annotations ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(found?.annotations.toString).toBeUndefined();
  });

  it('that is gone is told apart from a kind that is not known', async () => {
    expect(await (await start()).policies.get('team', 'strict')).toBeUndefined();
    expect(await errorOf((await start({ resources: [] })).policies.get('team', 'strict'))).toMatchObject({
      name: 'Unavailable',
      message: 'the API server does not know this kind of object; install its CRD (infra/crds)',
    });
  });
});

describe("a ScanPolicy's status", () => {
  const patch = { observedGeneration: 1, gone: null };

  const readOne = async (settings: ApiServerSettings = {}) => {
    const served = await start(settings);
    putPolicy(served, { status: { gone: 1, kept: 2 } });
    const read = await served.policies.get('team', 'strict');
    if (read === undefined) throw new Error('it was put there');
    return { ...served, read };
  };

  it('is patched where the policy is still as it was read', async () => {
    const { server, policies, read } = await readOne();
    await policies.patchStatus(read, patch);
    expect(server.objects.get('scanpolicies', 'team', 'strict')?.status).toEqual({ observedGeneration: 1, kept: 2 });
    expect(await errorOf(policies.patchStatus(read, patch))).toBeInstanceOf(Conflict);
  });

  it('of a policy that went meanwhile conflicts: to read again tells', async () => {
    const { server, policies, read } = await readOne();
    server.objects.remove('scanpolicies', 'team', 'strict');
    expect(await errorOf(policies.patchStatus(read, patch))).toBeInstanceOf(Conflict);
    expect(await policies.get('team', 'strict')).toBeUndefined();
  });

  it.each<[what: string, trouble: Trouble, error: string]>([
    ['was found invalid', { answer: 422, body: json(failure(422, 'Invalid', 'status.a').body) }, 'Rejected'],
    ['may not be written', { answer: 403 }, 'Unavailable'],
    ['was written without an answer', 'cut after', 'Conflict'],
  ])('that %s says so', async (_, trouble, error) => {
    const { policies, read, ...served } = await readOne();
    troubleOnce({ policies, ...served }, 'PATCH', trouble);
    expect(await errorOf(policies.patchStatus(read, patch))).toMatchObject({ name: error });
  });
});

describe('a ConfigMap', () => {
  const bytes = Buffer.from([0, 0xff, 0x80, 7]);
  const made = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'bundle', namespace: 'team', ownerReferences: [{ uid: 'uid-1', controller: true }] },
    immutable: true,
    binaryData: { 'bundle.tar.gz': bytes.toString('base64') },
  };

  it('is read as it was created, and created once', async () => {
    const { configMaps, server } = await start();
    expect(await configMaps.create('team', made)).toBe('created');
    expect(await configMaps.create('team', { ...made, binaryData: {} })).toBe('exists');
    expect(server.objects.get('configmaps', 'team', 'bundle')).toMatchObject(made);
    const found = await configMaps.get('team', 'bundle');
    expect(found?.binaryData).toEqual(made.binaryData);
    expect(found?.metadata.ownerReferences).toMatchObject(made.metadata.ownerReferences);
  });

  it('that is not there is told so', async () => {
    const { configMaps } = await start();
    expect(await configMaps.get('team', 'bundle')).toBeUndefined();
  });

  it('has the members that it has, and no others', async () => {
    const { configMaps, server } = await start();
    server.objects.put('configmaps', {
      ...made,
      metadata: { namespace: 'team', name: 'odd', uid: 'uid-2' },
      ...JSON.parse('{"data":{"__proto__":"a","empty":"","number":7},"binaryData":null}'),
    });
    const found = await configMaps.get('team', 'odd');
    // Whatever the key is called, it is the ConfigMap's own.
    expect(Object.entries(found?.data ?? {})).toEqual([
      ['__proto__', 'a'],
      ['empty', ''],
    ]);
    for (const key of ['constructor', 'toString'])
      expect([found?.data[key], found?.binaryData[key]]).toEqual([undefined, undefined]);
  });

  it('whose creation nobody answered is asked for again', async () => {
    const served = await start();
    troubleOnce(served, 'POST', 'cut before');
    expect(await served.configMaps.create('team', made)).toBe('created');
    const again = await start();
    troubleOnce(again, 'POST', 'cut after');
    expect(await again.configMaps.create('team', made)).toBe('exists');
  });

  it.each<[what: string, trouble: Trouble, problem: string]>([
    [
      'the namespace went',
      { answer: 404, body: json(failure(404, 'NotFound', 'no', 'team').body) },
      'there is no namespace team',
    ],
    ['the account may not', { answer: 403 }, 'the API server refuses this account; give it the rights of infra/rbac'],
    ['the server throttles', { answer: 429 }, 'the API server answered 429'],
  ])('cannot be created now where %s', async (_, trouble, problem) => {
    const served = await start();
    served.server.trouble(() => trouble);
    const error = await errorOf(served.configMaps.create('team', made));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toBe(problem);
  });
});
