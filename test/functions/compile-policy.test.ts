/** A ScanPolicy is compiled and told so: what stands in its status and its ConfigMap, whatever happens meanwhile. */

import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../../functions/compile-policy/handler.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readEvent } from '../../shared/events/event.ts';
import { APISERVER_ADDED, APISERVER_DELETED, APISERVER_UPDATED } from '../../shared/events/types.ts';
import type { CompiledRego } from '../../shared/policy/compile.ts';
import { DoesNotCompile } from '../../shared/policy/opa-check.ts';
import { readScope } from '../../shared/runtime/config.ts';
import type { Handled } from '../../shared/runtime/function.ts';
import { kubernetesConfigMaps, kubernetesPolicies } from '../../shared/scans/kubernetes-policies.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import type { KubernetesObject } from '../support/api-objects.ts';
import { type ApiServer, apiServers, GROUP, type Trouble } from '../support/api-server.ts';
import { errorOf } from '../support/error-of.ts';
import { kubernetesStores } from '../support/kubernetes-stores.ts';

const serve = apiServers();
const open = kubernetesStores();

const AT = Date.parse('2026-11-23T05:51:52.700Z');
const THEN = '2026-11-23T05:51:52Z';
const UID = '5c1b7f20-1111-4222-8333-944455556666';

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const digestOf = (text: string): string => `sha256:${sha256(`bundle of ${text}`)}`;

/** Stands for the compiler: any text compiles that does not say that it is broken. */
const compile = async (text: string): Promise<CompiledRego> => {
  if (text.includes('broken')) throw new DoesNotCompile('policy.rego:2:1: rego_parse_error: broken');
  if (text.includes('no opa')) throw new Unavailable('opa cannot be started (ENOENT); set OPA_BIN');
  const bundle = Buffer.from(text.includes('large') ? 'x'.repeat(2 ** 20 + 1) : `bundle of ${text}`);
  return { bundle, digest: `sha256:${sha256(bundle)}`, entrypoint: 'main/deny', regoVersion: 'v1' };
};

interface Scene {
  readonly server: ApiServer;
  readonly handle: (event?: JsonObject) => Promise<Handled>;
  readonly status: () => JsonObject;
  readonly conditions: () => readonly JsonObject[];
  readonly change: (spec: JsonObject, more?: JsonObject) => void;
  /** The texts that were compiled. */
  readonly texts: readonly string[];
  now: number;
  canary: ((bundle: Uint8Array) => Promise<readonly string[]>) | undefined;
}

const eventOf = (data: JsonObject, type = APISERVER_UPDATED) =>
  readEvent({ specversion: '1.0', id: 'random', source: '/k8s', type, data });

const sceneOf = async (spec: JsonObject, status?: JsonObject): Promise<Scene> => {
  const server = await serve({ resources: ['scanpolicies'] });
  const { connection } = open(server);
  const texts: string[] = [];
  const metadata = { namespace: 'team', name: 'strict', uid: UID };
  const object = { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy', metadata };
  const stored = () => server.objects.get('scanpolicies', 'team', 'strict');
  server.objects.put('scanpolicies', { ...object, spec, ...(status && { status }) });
  const scene: Scene = {
    server,
    texts,
    now: AT,
    canary: undefined,
    handle: (event = object) => {
      const { canary } = scene;
      const services = {
        policies: kubernetesPolicies(connection, GROUP),
        configMaps: kubernetesConfigMaps(connection),
        compile: (text: string) => {
          texts.push(text);
          return compile(text);
        },
        now: () => scene.now,
        ...(canary && { canary }),
      };
      return compilePolicy(services).handle(eventOf(event), readScope({}));
    },
    status: () => (stored()?.status ?? {}) as JsonObject,
    conditions: () => (scene.status().conditions ?? []) as readonly JsonObject[],
    change: (changed, more = {}) => {
      const { metadata: before, ...rest }: KubernetesObject = stored() ?? { metadata };
      const generation = (before.generation ?? 1) + 1;
      server.objects.put('scanpolicies', { ...rest, metadata: { ...before, generation }, spec: changed, ...more });
    },
  };
  return scene;
};

const requests = ({ server }: Scene): readonly string[] =>
  server.asked.map(({ method, path }) => `${method} ${path.split('/').slice(-2).join('/')}`);

const mapsOf = ({ server }: Scene): readonly KubernetesObject[] =>
  server.objects.list('configmaps', { namespace: 'team', limit: 0, from: '' }).items;

/** The one ConfigMap that there is. */
const mapOf = (scene: Scene): KubernetesObject => {
  const [map, ...more] = mapsOf(scene);
  if (map === undefined || more.length > 0) throw new Error(`there are ${mapsOf(scene).length} ConfigMaps`);
  return map;
};

const NAME = `strict-${digestOf('good').slice(7, 19)}-${sha256(UID).slice(0, 6)}`;
const COMPILED = {
  type: 'Compiled',
  status: 'True',
  reason: 'Compiled',
  message: 'Compiled as main/deny, in Rego v1',
  observedGeneration: 1,
  lastTransitionTime: THEN,
};
const SETTLED = {
  observedGeneration: 1,
  bundle: { digest: digestOf('good'), configMap: NAME },
  conditions: [COMPILED],
};

describe('a policy that compiles', () => {
  it('is stored under its digest and named in the status', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    expect(await scene.handle()).toEqual({ outcome: 'applied', emits: [] });
    expect(scene.status()).toEqual(SETTLED);
    expect(mapsOf(scene)).toMatchObject([
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: NAME,
          labels: { 'app.kubernetes.io/managed-by': 'scan-status' },
          ownerReferences: [
            { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy', name: 'strict', uid: UID, controller: true },
          ],
        },
        immutable: true,
        binaryData: { 'bundle.tar.gz': Buffer.from('bundle of good').toString('base64') },
      },
    ]);
    expect(requests(scene)).toEqual(['GET scanpolicies/strict', 'POST team/configmaps', 'PATCH strict/status']);
  });

  it('is not compiled again when its own write comes back as an event', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    await scene.handle();
    const before = requests(scene).length;
    expect(await scene.handle()).toEqual({ outcome: 'duplicate', emits: [] });
    expect(scene.texts).toEqual(['good']);
    expect(requests(scene).slice(before)).toEqual(['GET scanpolicies/strict', `GET configmaps/${NAME}`]);
  });

  it('gets its ConfigMap back when that was deleted, or holds something else', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    await scene.handle();
    scene.server.objects.remove('configmaps', 'team', NAME);
    expect(await scene.handle()).toMatchObject({ outcome: 'duplicate' });
    const evil = { ...mapOf(scene), binaryData: { 'bundle.tar.gz': btoa('evil') } };
    scene.server.objects.put('configmaps', evil);
    expect(await scene.handle()).toMatchObject({ outcome: 'applied' });
    expect(scene.conditions()).toMatchObject([
      {
        status: 'False',
        reason: 'NameTaken',
        message: `ConfigMap ${NAME} exists, and is not this policy's bundle: delete it, then annotate the policy`,
      },
    ]);
    expect(scene.status().bundle).toBeUndefined();
  });

  it('does not take the ConfigMap of somebody else for its own, even where it holds the same', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    await scene.handle();
    const stored = mapOf(scene);
    const metadata = { ...stored.metadata, ownerReferences: [{ uid: 'other', controller: true }] };
    scene.server.objects.put('configmaps', { ...stored, metadata });
    await scene.handle();
    expect(scene.conditions()).toMatchObject([{ status: 'False', reason: 'NameTaken' }]);
  });

  it('has a ConfigMap of its own in each of its lives', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    await scene.handle();
    const again = { namespace: 'team', name: 'strict', uid: 'another' };
    const object = { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy', metadata: again };
    scene.server.objects.put('scanpolicies', { ...object, spec: { regoFile: 'good' } });
    expect(await scene.handle(object)).toMatchObject({ outcome: 'applied' });
    expect(mapsOf(scene)).toHaveLength(2);
  });

  it.each(['a'.repeat(253), `${'a'.repeat(232)}.-.${'b'.repeat(10)}`, 'a'])(
    'has a ConfigMap with a name that the API server takes: %s',
    async (name) => {
      const scene = await sceneOf({ regoFile: 'good' });
      const metadata = { namespace: 'team', name, uid: UID };
      const object = { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy', metadata };
      scene.server.objects.put('scanpolicies', { ...object, spec: { regoFile: 'good' } });
      expect(await scene.handle(object)).toMatchObject({ outcome: 'applied' });
      const made = mapOf(scene).metadata.name;
      expect(made.length).toBeLessThanOrEqual(253);
      expect(made).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
    },
  );
});

describe('a policy that does not compile', () => {
  const broken = {
    type: 'Compiled',
    status: 'False',
    reason: 'CompileError',
    message: 'policy.rego:2:1: rego_parse_error: broken',
    observedGeneration: 1,
    lastTransitionTime: THEN,
  };

  it("says so in the compiler's words, once", async () => {
    const scene = await sceneOf({ regoFile: 'broken' });
    expect(await scene.handle()).toMatchObject({ outcome: 'applied' });
    expect(scene.status()).toEqual({ observedGeneration: 1, conditions: [broken] });
    expect(mapsOf(scene)).toEqual([]);
    scene.now += 60_000;
    expect(await scene.handle()).toMatchObject({ outcome: 'duplicate' });
    expect(requests(scene).filter((request) => request.startsWith('PATCH'))).toHaveLength(1);
  });

  it('has no bundle any more when it was one that did, and has one again when it is mended', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    await scene.handle();
    scene.change({ regoFile: 'broken' });
    scene.now += 60_000;
    await scene.handle();
    const later = '2026-11-23T05:52:52Z';
    const now = { observedGeneration: 2, lastTransitionTime: later };
    expect(scene.status()).toEqual({ observedGeneration: 2, conditions: [{ ...broken, ...now }] });
    scene.change({ regoFile: 'still broken' });
    scene.now += 60_000;
    await scene.handle();
    // It is broken since then, whatever else is broken by now.
    expect(scene.conditions()).toEqual([{ ...broken, ...now, observedGeneration: 3 }]);
    scene.change({ regoFile: 'good' });
    await scene.handle();
    expect(scene.status()).toEqual({
      ...SETTLED,
      observedGeneration: 4,
      conditions: [{ ...COMPILED, observedGeneration: 4, lastTransitionTime: '2026-11-23T05:53:52Z' }],
    });
  });

  it('waits where there is no compiler, and nothing is written', async () => {
    const scene = await sceneOf({ regoFile: 'no opa' });
    const error = await errorOf(scene.handle());
    expect(error).toMatchObject({ name: 'Unavailable', message: expect.stringContaining('OPA_BIN') });
    expect(scene.status()).toEqual({});
  });

  it('says that it is too large for a ConfigMap, and what to do', async () => {
    const scene = await sceneOf({ regoFile: 'large' });
    await scene.handle();
    expect(mapsOf(scene)).toEqual([]);
    expect(scene.conditions()).toMatchObject([
      {
        status: 'False',
        reason: 'TooLarge',
        message:
          'The compiled policy has 1048577 bytes, and a ConfigMap holds 1048576: bring it compiled, with spec.bundle.url',
      },
    ]);
  });
});

describe('a policy that is brought compiled', () => {
  it('is not compiled, and what an earlier text was compiled to is forgotten', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    await scene.handle();
    scene.change({ bundle: { url: 'https://policies.example.com/strict.tar.gz' } });
    expect(await scene.handle()).toMatchObject({ outcome: 'applied' });
    expect(scene.texts).toEqual(['good']);
    expect(scene.status()).toEqual({
      observedGeneration: 2,
      conditions: [
        {
          ...COMPILED,
          reason: 'Brought',
          message: 'spec.bundle brings the policy compiled: there is nothing to compile',
          observedGeneration: 2,
        },
      ],
    });
    expect(await scene.handle()).toMatchObject({ outcome: 'duplicate' });
  });

  it('or that is none at all says so', async () => {
    const scene = await sceneOf({});
    await scene.handle();
    expect(scene.conditions()).toMatchObject([{ status: 'False', reason: 'NoPolicy' }]);
  });
});

describe('the canary', () => {
  const canaryOf = ({ conditions }: Scene): JsonObject | undefined =>
    conditions().find(({ type }) => type === 'CanaryDenied');

  it.each<[what: string, canary: Scene['canary'], expected: JsonObject]>([
    ['denies everywhere', async () => [], { status: 'True', reason: 'Denied' }],
    [
      'denies nothing in some formats',
      async () => ['trivy', 'grype'],
      {
        status: 'False',
        reason: 'DeniedNothing',
        message:
          'The policy denied nothing in a canary report in trivy, grype: it may be narrow on purpose, or written for another report format',
      },
    ],
    [
      'cannot be evaluated',
      async () => {
        throw new Error('main/deny must be a set of strings');
      },
      { status: 'Unknown', reason: 'Error', message: 'main/deny must be a set of strings' },
    ],
  ])('tells of a policy that %s', async (_, canary, expected) => {
    const scene = await sceneOf({ regoFile: 'good' });
    scene.canary = canary;
    await scene.handle();
    expect(scene.conditions()[0]).toEqual(COMPILED);
    expect(canaryOf(scene)).toMatchObject({ ...expected, observedGeneration: 1, lastTransitionTime: THEN });
  });

  it('is asked about the bundle, of a policy too that was compiled without it', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    await scene.handle();
    const asked: string[] = [];
    scene.canary = async (bundle) => {
      asked.push(Buffer.from(bundle).toString());
      return [];
    };
    expect(await scene.handle()).toMatchObject({ outcome: 'applied' });
    expect(await scene.handle()).toMatchObject({ outcome: 'duplicate' });
    expect(asked).toEqual(['bundle of good']);
  });

  it('goes with the policy that it was told of', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    scene.canary = async () => [];
    await scene.handle();
    scene.change({ regoFile: 'broken' });
    await scene.handle();
    expect(canaryOf(scene)).toBeUndefined();
  });

  it('that cannot be asked now makes the event wait', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    scene.canary = async () => {
      throw new Unavailable('too many evaluations');
    };
    expect(await errorOf(scene.handle())).toMatchObject({ name: 'Unavailable' });
    expect(scene.status()).toEqual({});
  });
});

describe('what others wrote', () => {
  it('stays: conditions of other types, fields of the status and of our conditions', async () => {
    const theirs = { type: 'Reviewed', status: 'True', reason: 'no word', extra: { deep: [1] } };
    const ours = { type: 'Compiled', status: 'False', extra: 1, lastTransitionTime: '2020-01-01T00:00:00Z' };
    const scene = await sceneOf(
      { regoFile: 'good' },
      { conditions: [theirs, 'none', ours], reviewed: { by: 'them' }, bundle: { digest: 'x', old: 1 } },
    );
    await scene.handle();
    expect(scene.status()).toEqual({
      ...SETTLED,
      reviewed: { by: 'them' },
      conditions: [{ ...COMPILED, extra: 1 }, theirs],
    });
    expect(await scene.handle()).toMatchObject({ outcome: 'duplicate' });
  });

  it.each([7, 'text', { a: 1 }, null])('may be no conditions at all: %j', async (conditions) => {
    const scene = await sceneOf({ regoFile: 'good' }, { conditions });
    await scene.handle();
    expect(scene.status()).toEqual(SETTLED);
  });
});

describe('somebody who writes meanwhile', () => {
  const conflicts = ({ server }: Scene, times: number, trouble: Trouble = { answer: 409 }): void => {
    let met = 0;
    server.trouble(({ method }) => {
      if (method !== 'PATCH' || met === times) return undefined;
      met += 1;
      return trouble;
    });
  };

  it('is not overwritten: the policy is read again', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    let isChanged = false;
    scene.server.trouble(({ method }) => {
      if (method === 'PATCH' && !isChanged) {
        isChanged = true;
        scene.change({ regoFile: 'broken' }, { status: { theirs: 1 } });
      }
      return undefined;
    });
    expect(await scene.handle()).toMatchObject({ outcome: 'applied' });
    expect(scene.texts).toEqual(['good', 'broken']);
    expect(scene.status()).toMatchObject({
      theirs: 1,
      observedGeneration: 2,
      conditions: [{ reason: 'CompileError' }],
    });
  });

  it('is met five times at most', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    conflicts(scene, 4);
    expect(await scene.handle()).toMatchObject({ outcome: 'applied' });
    const other = await sceneOf({ regoFile: 'good' });
    conflicts(other, 5);
    expect(await errorOf(other.handle())).toMatchObject({
      name: 'Unavailable',
      message: 'the policy is written by others all the time',
    });
  });

  it('may be ourselves, where a write got no answer', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    conflicts(scene, 1, 'cut after');
    expect(await scene.handle()).toMatchObject({ outcome: 'duplicate' });
    expect(scene.status()).toEqual(SETTLED);
  });

  it('may be another of ourselves: both end in one ConfigMap and one status', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => scene.handle()));
    expect(outcomes.filter(({ outcome }) => outcome === 'applied')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'duplicate')).toHaveLength(7);
    expect(mapsOf(scene)).toHaveLength(1);
    expect(scene.status()).toEqual(SETTLED);
  });
});

describe('an event', () => {
  const policy = { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy' };
  const metadata = { namespace: 'team', name: 'strict', uid: UID };

  it('is taken where a policy was added or changed: one that was deleted takes its ConfigMaps along', async () => {
    const { accepts } = compilePolicy({} as never);
    expect(accepts).toEqual([APISERVER_ADDED, APISERVER_UPDATED]);
    expect(accepts).not.toContain(APISERVER_DELETED);
  });

  it.each([
    ['was recreated', { ...policy, metadata: { ...metadata, uid: 'earlier' } }],
    ['is gone', { ...policy, metadata: { ...metadata, name: 'gone' } }],
  ])('about a policy that %s is superseded', async (_, event) => {
    const scene = await sceneOf({ regoFile: 'good' });
    expect(await scene.handle(event)).toEqual({
      outcome: 'superseded',
      why: 'the policy is gone or was recreated',
      emits: [],
    });
    expect(scene.texts).toEqual([]);
  });

  it('is only a hint: what it says of the policy is not believed', async () => {
    const scene = await sceneOf({ regoFile: 'good' });
    await scene.handle({ ...policy, metadata, spec: { regoFile: 'other' }, status: SETTLED });
    expect(scene.texts).toEqual(['good']);
  });

  it.each<[what: string, event: JsonObject]>([
    ['a Job', { apiVersion: 'batch/v1', kind: 'Job', metadata }],
    ['a scan', { ...policy, kind: 'ImageScan', metadata }],
    ['a ScanPolicy of another group', { ...policy, apiVersion: 'example.com/v1', metadata }],
    ['a ScanPolicy of no group', { kind: 'ScanPolicy', metadata }],
  ])('about %s is ignored', async (_, event) => {
    const scene = await sceneOf({ regoFile: 'good' });
    expect(await scene.handle(event)).toEqual({
      outcome: 'ignored',
      why: 'the object is not a ScanPolicy',
      emits: [],
    });
    expect(requests(scene)).toEqual([]);
  });

  it('about a namespace that is not kept is ignored', async () => {
    const scope = { ...readScope({}), namespaces: new Set(['other']) };
    const handled = await compilePolicy({} as never).handle(eventOf({ ...policy, metadata }), scope);
    expect(handled).toMatchObject({ outcome: 'ignored', why: 'namespace team is not kept' });
  });

  it.each<[field: string, event: JsonObject]>([
    ['data.kind', { metadata }],
    ['data.metadata', { ...policy }],
    ['data.metadata.name', { ...policy, metadata: { ...metadata, name: '../secrets' } }],
    ['data.metadata.namespace', { ...policy, metadata: { ...metadata, namespace: 'a/b' } }],
    ['data.metadata.uid', { ...policy, metadata: { ...metadata, uid: 7 } }],
  ])('whose %s is wrong is rejected', async (field, event) => {
    const scene = await sceneOf({ regoFile: 'good' });
    expect(await errorOf(scene.handle(event))).toMatchObject({ name: 'Rejected', field });
  });
});
