/** Every pod that the manifests of `infra` describe: hardened, bounded, probed, and of an image that cannot change. */
import { describe, expect, it } from '@jest/globals';
import { at } from '../support/fields.ts';
import { kustomizations, type Manifest, nameOf, ofKind, render } from '../support/manifests.ts';
import { podsOf } from '../support/pods.ts';

const rendered = new Map(
  kustomizations('Kustomization')
    .filter((folder) => /^(knative|event-exporter)\//.test(folder))
    .map((folder) => [folder, render(folder)]),
);
const withComponents = render('knative/base', kustomizations('Component'));
const all: readonly Manifest[] = [...rendered.values(), withComponents].flat();

/** Each manifest once, however many overlays bring it. */
const distinct = [...new Map(all.map((manifest) => [JSON.stringify(manifest), manifest])).values()];
const pods = podsOf(distinct);

describe('a pod', () => {
  it('is described for the functions, the dead letters and the exporter', () => {
    expect(new Set(pods.map(({ name }) => name)).size).toBe(8);
  });

  it.each(pods)('of $name has the rights of nobody', ({ spec, container }) => {
    const of = (setting: string) => at(container, 'securityContext', setting) ?? at(spec, 'securityContext', setting);
    expect(of('runAsNonRoot')).toBe(true);
    expect(of('runAsUser')).toBeGreaterThan(10_000);
    expect(of('runAsGroup')).toBeGreaterThan(10_000);
    expect(of('readOnlyRootFilesystem')).toBe(true);
    expect(of('allowPrivilegeEscalation')).toBe(false);
    expect(of('capabilities')).toEqual({ drop: ['ALL'] });
    expect(of('seccompProfile')).toEqual({ type: 'RuntimeDefault' });
    expect(spec).toEqual(expect.not.objectContaining({ hostNetwork: true, hostPID: true, hostIPC: true }));
    expect(JSON.stringify(spec)).not.toMatch(/hostPath|privileged/);
  });

  it.each(pods)('of $name is bounded, and probed', ({ container }) => {
    for (const bound of ['requests', 'limits'])
      expect(at(container, 'resources', bound)).toEqual({ cpu: expect.any(String), memory: expect.any(String) });
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
      expect(at(container, probe, 'httpGet', 'path')).toEqual(expect.stringMatching(/^\//));
  });

  it.each(pods)(
    'of $name runs one container, of an image that has to be named by its digest',
    ({ spec, container }) => {
      expect(at(spec, 'containers')).toHaveLength(1);
      expect(at(spec, 'initContainers')).toBeUndefined();
      expect(container.image).toMatch(/^registry\.invalid\/[a-z-]+$|@sha256:[0-9a-f]{64}$/);
    },
  );

  it.each(pods)('of $name has an account that somebody made for it', ({ spec }) => {
    const accounts = ofKind([...distinct, ...render('rbac/accounts')], '', 'ServiceAccount');
    expect(accounts.map(({ metadata }) => metadata.name)).toContain(at(spec, 'serviceAccountName'));
  });
});

describe('the manifests', () => {
  it('are of one namespace', () => {
    const clusterWide = /^ClusterRole(Binding)? /;
    for (const manifest of distinct)
      expect([nameOf(manifest), manifest.metadata.namespace]).toEqual([
        nameOf(manifest),
        clusterWide.test(nameOf(manifest)) ? undefined : 'scan-status',
      ]);
  });

  it('grant no right over everything, none to write, and none to read Secrets', () => {
    const rules = ofKind(distinct, 'rbac.authorization.k8s.io', 'ClusterRole').flatMap(
      (role) =>
        at(role, 'rules') as readonly Readonly<Record<'apiGroups' | 'resources' | 'verbs', readonly string[]>>[],
    );
    expect(rules.length).toBeGreaterThan(0);
    for (const { apiGroups, resources, verbs } of rules) {
      expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
      expect(['get', 'list', 'watch']).toEqual(expect.arrayContaining([...verbs]));
      expect(resources).not.toContain('secrets');
    }
  });

  it('close every pod to those who have no business there', () => {
    const policies = ofKind(distinct, 'networking.k8s.io', 'NetworkPolicy');
    expect(policies.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'dead-letters',
      'event-exporter',
      'functions',
    ]);
    for (const { spec } of policies) {
      expect(at(spec, 'policyTypes')).toEqual(['Ingress']);
      for (const rule of (at(spec, 'ingress') ?? []) as readonly unknown[]) {
        expect(at(rule, 'from', 0, 'namespaceSelector', 'matchLabels')).toBeDefined();
        expect(at(rule, 'ports', 0, 'port')).toBeDefined();
      }
    }
  });
});
