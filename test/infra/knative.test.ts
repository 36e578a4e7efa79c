/** The functions on Knative: one name for each, everywhere, and what each is sent. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readScope, readServerSettings } from '../../shared/runtime/config.ts';
import { readJobSettings, readStoreSettings } from '../../shared/runtime/config-cluster.ts';
import { readPolicySettings } from '../../shared/runtime/config-policies.ts';
import { acceptedTypes } from '../support/accepted-types.ts';
import { at } from '../support/fields.ts';
import { functionNames, kustomizations, type Manifest, nameOf, ofKind, ROOT, render } from '../support/manifests.ts';
import { podsOf } from '../support/pods.ts';

const base = render('knative/base');
const services = ofKind(base, 'serving.knative.dev', 'Service');
const triggers = ofKind(base, 'eventing.knative.dev', 'Trigger');
const names = functionNames();
const namesOf = (manifests: readonly Manifest[]) => manifests.map(({ metadata }) => metadata.name).toSorted();

const OVERLAYS = kustomizations('Kustomization').filter((folder) => /^knative\/overlays\//.test(folder));
const COMPONENTS = kustomizations('Component').filter((folder) => folder.startsWith('knative/'));

describe('the functions', () => {
  it.each<[string, readonly string[]]>([
    ['Services', namesOf(services)],
    ['Triggers', namesOf(triggers)],
    ['subscribers', triggers.map((trigger) => String(at(trigger, 'spec', 'subscriber', 'ref', 'name'))).toSorted()],
    [
      'accounts of Services',
      services.map((one) => String(at(one, 'spec', 'template', 'spec', 'serviceAccountName'))).toSorted(),
    ],
    ['accounts of infra/rbac', namesOf(ofKind(render('rbac/accounts'), '', 'ServiceAccount'))],
    [
      'bindings of infra/rbac',
      namesOf(
        [...render('rbac/namespace'), ...render('rbac/accounts')].filter(({ kind }) => kind === 'RoleBinding'),
      ).map((name) => name.replace(/^scan-status-/, '')),
    ],
  ])('are all the %s', (_, known) => {
    expect(known).toEqual(names);
  });

  it.each(services)('$metadata.name runs its own bundle, as its own account', ({ metadata, spec }) => {
    expect(at(spec, 'template', 'spec', 'serviceAccountName')).toBe(metadata.name);
    expect(at(spec, 'template', 'spec', 'containers', 0, 'args')).toEqual([`/app/${metadata.name}.mjs`]);
  });
});

describe('a Service', () => {
  it.each(services)('$metadata.name is reached from the cluster alone, and scales to zero', ({ metadata, spec }) => {
    const annotations = at(spec, 'template', 'metadata', 'annotations');
    expect(at(metadata, 'labels', 'networking.knative.dev/visibility')).toBe('cluster-local');
    expect(at(annotations, 'autoscaling.knative.dev/min-scale')).toBe('0');
    expect(Number(at(annotations, 'autoscaling.knative.dev/max-scale'))).toBeGreaterThan(1);
    expect(at(annotations, 'autoscaling.knative.dev/target-burst-capacity')).toBe('-1');
    expect(at(spec, 'template', 'spec', 'containerConcurrency')).toBeGreaterThan(1);
  });

  it.each(podsOf(services))('$name is probed without asking the API server', ({ container }) => {
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
      expect(at(container, probe, 'httpGet', 'path')).toBe('/healthz');
  });

  it.each(podsOf(services))('$name leaves to Knative what Knative sets', ({ container }) => {
    const set = container.env?.map(({ name }) => name) ?? [];
    expect(set).toEqual(expect.not.arrayContaining(['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION', 'K_SINK']));
  });

  it.each(podsOf(services))('$name has settings that there are, and that are right', ({ container }) => {
    const { env = [] } = container;
    const documented = readFileSync(join(ROOT, 'docs/settings.md'), 'utf8');
    for (const { name } of env) expect(documented).toContain(`\`${name}\``);
    const environment = Object.fromEntries([...env.map(({ name, value }) => [name, value]), ['PORT', '8080']]);
    expect(readServerSettings(environment)).toEqual({ port: 8080, host: '0.0.0.0', isLoopback: false });
    expect(readStoreSettings(environment).kind).toBe('kubernetes');
    expect(() => [readJobSettings('kubernetes', environment), readPolicySettings(environment)]).not.toThrow();
  });

  it('believes a verdict only if it is signed, also where strangers may send events', () => {
    const pods = new Map(podsOf(services).map((pod) => [pod.name, pod]));
    const [key, keys] = [pods.get('Service evaluate-policy'), pods.get('Service policy-evaluated')];
    expect(at(key, 'spec', 'volumes')).toEqual([{ name: 'verdict-key', secret: { secretName: 'verdict-key' } }]);
    expect(at(keys, 'spec', 'volumes')).toEqual([{ name: 'verdict-keys', configMap: { name: 'verdict-keys' } }]);
    expect(key?.container.env).toContainEqual({
      name: 'VERDICT_KEY',
      value: expect.stringMatching(/^\/etc\/scan-status\/verdict-key\//),
    });
    expect(keys?.container.env).toContainEqual({
      name: 'VERDICT_KEYS',
      value: expect.stringMatching(/^\/etc\/scan-status\/verdict-keys\//),
    });
  });
});

describe('the source of ticks', () => {
  it('sends them to alert, past the Broker, each minute', () => {
    const [source] = base.filter(({ kind }) => kind === 'PingSource');
    expect(source?.spec).toMatchObject({
      schedule: '* * * * *',
      sink: { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'alert' } },
    });
    expect(acceptedTypes('alert')).toContain('dev.knative.sources.ping');
  });
});

describe('alert', () => {
  it('finds who is to be told where its Service mounts it', () => {
    const pod = podsOf(services).find(({ name }) => name === 'Service alert');
    expect(at(pod, 'spec', 'volumes')).toEqual([
      { name: 'alerts', configMap: { name: 'alerts' } },
      { name: 'alert-secrets', secret: { secretName: 'alert-secrets' } },
    ]);
    const folders = (at(pod, 'container', 'volumeMounts') as readonly { readonly mountPath: string }[]).map(
      ({ mountPath }) => mountPath,
    );
    const { value = '' } = pod?.container.env?.find(({ name }) => name === 'ALERTS_CONFIG') ?? {};
    expect(folders).toContain(dirname(value));
  });

  it('may keep ConfigMaps in a namespace of its own, and is bound to nothing else', () => {
    const everything = [...render('rbac/accounts'), ...render('rbac/namespace'), ...render('rbac/cluster')];
    const bindings = everything.filter((manifest) => JSON.stringify(manifest.subjects ?? '').includes('"alert"'));
    expect(bindings.map(({ metadata }) => metadata)).toEqual([
      { name: 'scan-status-alert', namespace: 'scan-status-alerts' },
    ]);
    const [role] = ofKind(everything, 'rbac.authorization.k8s.io', 'Role');
    expect(role?.rules).toEqual([
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create', 'update', 'delete'] },
    ]);
  });
});

const SOURCES = [...OVERLAYS.flatMap((overlay) => render(overlay))].filter(({ kind }) => kind === 'ApiServerSource');

describe('a source', () => {
  it.each(SOURCES)('$metadata.name sends whole objects of labelled namespaces to the Broker', ({ spec }) => {
    expect(at(spec, 'mode')).toBe('Resource');
    expect(at(spec, 'namespaceSelector')).toEqual({ matchLabels: { 'scanstatus.dev/scans': 'true' } });
    expect(at(spec, 'sink', 'ref')).toEqual({
      apiVersion: 'eventing.knative.dev/v1',
      kind: 'Broker',
      name: 'scan-status',
    });
  });

  it('of Jobs exists for each kind of scan', () => {
    const sources = render('knative/overlays/apiserversource').filter(({ kind }) => kind === 'ApiServerSource');
    const owners = sources.flatMap((source) => at(source, 'spec', 'owner', 'kind') ?? []);
    expect(owners.toSorted()).toEqual([...readScope({}).kinds].toSorted());
  });
});

describe('every overlay', () => {
  it.each(OVERLAYS)('%s brings all that the base has, and something that tells of Jobs', (overlay) => {
    const rendered = render(overlay).map(nameOf);
    expect(rendered).toEqual(expect.arrayContaining(base.map(nameOf)));
    expect(rendered.some((name) => /^(ApiServerSource \w+-jobs|Deployment event-exporter)$/.test(name))).toBe(true);
  });

  it('may have Kafka for a Broker', () => {
    const [broker] = ofKind(render('knative/overlays/kafka-broker'), 'eventing.knative.dev', 'Broker');
    expect(at(broker, 'metadata', 'annotations', 'eventing.knative.dev/broker.class')).toBe('Kafka');
    expect(at(broker, 'spec', 'delivery', 'deadLetterSink', 'ref', 'name')).toBe('dead-letters');
  });
});

describe('the component sink-binding', () => {
  it('binds the functions that emit to the Broker', () => {
    const bindings = render('knative/base', ['knative/components/sink-binding']).filter(
      ({ kind }) => kind === 'SinkBinding',
    );
    const silent = ['alert', 'compile-policy'];
    expect(bindings.map(({ spec }) => at(spec, 'subject', 'name')).toSorted()).toEqual(
      names.filter((name) => !silent.includes(name)),
    );
    for (const { spec } of bindings) expect(at(spec, 'sink', 'ref', 'name')).toBe('scan-status');
  });
});

it('has an overlay or a component for all that it offers', () => {
  expect([OVERLAYS, COMPONENTS].map((folders) => folders.map((folder) => folder.split('/').at(-1)))).toEqual([
    ['apiserversource', 'event-exporter', 'kafka-broker'],
    ['kafka-broker', 'oidc', 'sink-binding'],
  ]);
});
