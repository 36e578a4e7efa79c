/** What watches over scans and functions, shown to a real API server as the docs have it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { type Manifest, ROOT } from '../support/manifests.ts';
import { healthScripts, MONITORING, rulesFile } from '../support/monitoring-files.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { kubectl, kubectlText } from './support/cluster.ts';
import { installCrds } from './support/install.ts';
import { eventually, GROUP, install, newNamespace } from './support/scans.ts';

// The machine may be busy.
jest.setTimeout(60_000);

/** The CRDs of the Prometheus operator, which are another project's and not kept here. */
const CRDS = ['prometheusrules', 'servicemonitors'].map((name) =>
  join(ROOT, `../shared/cluster/crds/prometheus-operator-${name}.yaml`),
);
const hasOperator = CRDS.every((file) => existsSync(file));
if (!hasOperator) {
  process.stderr.write(`
NOT CHECKED: ${CRDS.join(' or ')} is missing, so the API server does not know the Prometheus
operator's kinds. Neither the rules nor the monitor were held against their schemas.

`);
}

const admin = apiOf(cluster());
const file = (name: string): string => join(MONITORING, name);
let namespace = '';

beforeAll(async () => {
  await installCrds(cluster());
  await install('rbac/accounts');
  if (!hasOperator) return;
  await kubectlText(cluster(), ['apply', '--server-side', ...CRDS.flatMap((crd) => ['-f', crd])]);
  await kubectlText(cluster(), ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
}, 120_000);

beforeEach(async () => {
  namespace = await newNamespace(admin, 'monitoring');
});

const DRY = ['apply', '--dry-run=server', '--validate=strict', '-o', 'name'];
const dryRun = async (...args: readonly string[]): Promise<readonly string[]> =>
  (await kubectlText(cluster(), [...DRY, ...args])).trim().split('\n');

(hasOperator ? describe : describe.skip)('the API server', () => {
  it('takes all that the docs apply', async () => {
    expect((await dryRun('-n', namespace, '-k', MONITORING)).toSorted()).toEqual([
      'clusterrole.rbac.authorization.k8s.io/scan-status:kube-state-metrics',
      'clusterrolebinding.rbac.authorization.k8s.io/scan-status:kube-state-metrics',
      'configmap/scan-status-dashboard',
      'configmap/scan-status-kube-state-metrics',
      'prometheusrule.monitoring.coreos.com/scan-status',
      'servicemonitor.monitoring.coreos.com/scan-status',
    ]);
  });

  it.each([
    ['prometheus-rules.yaml', 'alert: ScanStuck', 'alrt: ScanStuck', 'unknown field "spec.groups[1].rules[0].alrt"'],
    ['prometheus-rules.yaml', 'for: 10m', 'for: ten minutes', 'spec.groups[1].rules[0].for'],
    ['service-monitor.yaml', 'honorLabels', 'honourLabels', 'unknown field "spec.endpoints[0].honourLabels"'],
  ])('takes no mistake in %s: %s, %s', async (name, right, wrong, problem) => {
    const input = readFileSync(file(name), 'utf8').replace(right, wrong);
    const { code, stderr } = await kubectl(cluster(), [...DRY, '-n', namespace, '-f', '-'], { input });
    expect([code, stderr]).toEqual([1, expect.stringContaining(problem)]);
  });
});

it('is let in by a rule that the API server takes', async () => {
  expect(await dryRun('-f', file('network-policy.yaml'))).toEqual(['networkpolicy.networking.k8s.io/metrics']);
});

it("lets kube-state-metrics read scans and policies, and nobody's secrets, and change nothing", async () => {
  await kubectlText(cluster(), ['apply', '-f', file('kube-state-metrics-rights.yaml')]);
  const can = async (verb: string, what: string): Promise<boolean> => {
    const as = '--as=system:serviceaccount:monitoring:kube-state-metrics';
    return (await kubectl(cluster(), ['auth', 'can-i', verb, what, '--all-namespaces', as])).code === 0;
  };
  await eventually(() => can('list', `imagescans.${GROUP}`));
  for (const plural of ['imagescans', 'sourcescans', 'scanpolicies']) {
    expect([await can('list', `${plural}.${GROUP}`), await can('watch', `${plural}.${GROUP}`)]).toEqual([true, true]);
    expect([await can('patch', `${plural}.${GROUP}`), await can('delete', `${plural}.${GROUP}`)]).toEqual([
      false,
      false,
    ]);
  }
  expect(await can('list', 'secrets')).toBe(false);
});

it("adds the health scripts to Argo CD's settings, and leaves the others as they are", async () => {
  const settings = { 'accounts.alice': 'login' };
  await admin.create(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'argocd-cm' }, data: settings });
  const patch = ['patch', 'configmap', 'argocd-cm', '--patch-file', file('argocd-health.yaml')];
  await kubectlText(cluster(), ['-n', namespace, ...patch]);
  const { data } = JSON.parse(
    await kubectlText(cluster(), ['-n', namespace, 'get', 'configmap', 'argocd-cm', '-o', 'json']),
  );
  expect(data).toEqual({ ...settings, ...healthScripts() });
});

it('gives a Prometheus without the operator the same groups, by the command of the docs', async () => {
  const rules = file('prometheus-rules.yaml');
  const args = ['annotate', '--local', '-f', rules, 'from=scan-status', '-o', 'jsonpath={.spec}'];
  expect(JSON.parse(await kubectlText(cluster(), args))).toEqual(rulesFile());
});

it('hands Grafana and kube-state-metrics their files as they are', async () => {
  const rendered = loadAll(await kubectlText(cluster(), ['kustomize', MONITORING])) as readonly Manifest[];
  const mapOf = (name: string) => rendered.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
  expect(mapOf('scan-status-dashboard')).toMatchObject({
    metadata: { labels: { grafana_dashboard: '1' } },
    data: { 'dashboard.json': readFileSync(file('dashboard.json'), 'utf8') },
  });
  expect(mapOf('scan-status-kube-state-metrics')).toMatchObject({
    data: { 'kube-state-metrics.yaml': readFileSync(file('kube-state-metrics.yaml'), 'utf8') },
  });
});
