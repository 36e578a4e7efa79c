/** What watches over scans and functions: it asks only for what is told, and says what to do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { project } from '../../shared/conditions/project.ts';
import { addRun, type Runs } from '../../shared/conditions/runs.ts';
import { CONDITION_TYPES, isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import * as eventTypes from '../../shared/events/types.ts';
import { startMetrics } from '../../shared/runtime/metrics.ts';
import { applyFacts } from '../../shared/scans/apply.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { Conflict, Unanswered } from '../../shared/scans/unavailable.ts';
import { at } from '../support/fields.ts';
import { get, send } from '../support/http-client.ts';
import { failedVerdict, finishedFact, startedFact } from '../support/job-facts.ts';
import { nameOf, ofKind, ROOT, readYaml, render } from '../support/manifests.ts';
import {
  dashboard,
  functionMetrics,
  healthScripts,
  MONITORING,
  rules,
  rulesFile,
  stateMetrics,
} from '../support/monitoring-files.ts';
import { metricsIn } from '../support/monitoring-promql.ts';
import { stateLines, stateMetricNames } from '../support/monitoring-state-metrics.ts';
import { servers } from '../support/server-in-process.ts';

const GROUP = 'scanning.apps.tanzu.vmware.com';
const SCAN = { kind: 'ImageScan', namespace: 'team', name: 'shop', uid: 'scan-1' };

const document = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');
const manifests = render('monitoring');
const alerts = rules().filter(({ alert }) => alert !== undefined);
const recorded = rules().flatMap(({ record }) => record ?? []);
const known = new Set([...functionMetrics(), ...stateMetricNames(stateMetrics()), ...recorded]);
const { panels, templating } = dashboard();

describe('the metrics that an expression asks for', () => {
  it.each<[expression: string, metrics: readonly string[]]>([
    ['sum by (type, outcome) (a_total{b="c_total[1m]"}) > 0.05', ['a_total']],
    ['histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m] offset 1h)))', ['a_bucket']],
    ['a:b:c / on (x, y) group_left (z) d and ignoring (e) f == bool 1', ['a:b:c', 'd', 'f']],
    ['count(time() - a < 3000) > 0 unless sum(a) > 1e3 + 1.5e3 + 0x1f', ['a']],
  ])('are found in %s', (expression, metrics) => {
    expect(metricsIn(expression)).toEqual(metrics);
  });
});

describe('an expression asks only for what is told', () => {
  it.each(rules().map(({ alert, record, expr }) => ({ name: alert ?? record, expr })))('in rule $name', ({ expr }) => {
    expect(metricsIn(expr).length).toBeGreaterThan(0);
    expect(metricsIn(expr).filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(panels)('in panel $title', ({ targets }) => {
    for (const { expr } of targets) {
      expect(metricsIn(expr).length).toBeGreaterThan(0);
      expect(metricsIn(expr).filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it('in the variables of the dashboard', () => {
    const [, query] = templating.list;
    const [, metric] = /^label_values\((\w+), namespace\)$/.exec(String(at(query?.query, 'query'))) ?? [];
    expect(known).toContain(metric);
  });
});

describe('an alert', () => {
  it.each(alerts)('$alert waits, and says how much it matters, what is wrong and where to read on', (rule) => {
    expect(rule).toMatchObject({
      for: expect.stringMatching(/^\d+m$/),
      labels: { severity: expect.stringMatching(/^(critical|warning)$/) },
    });
    const { summary = '' } = rule.annotations ?? {};
    // As people see it: a value is about as long as a name.
    expect(summary.replaceAll(/\{\{ \$[^{}]+ \}\}/g, 'a-name-of-18-chars')).toMatch(/^[^{}]{20,120}$/);
    expect(rule.annotations?.runbook).toBe(`docs/monitoring.md#${rule.alert?.toLowerCase()}`);
  });

  it('has a place in the docs, and nothing else has', () => {
    const headings = [...document.matchAll(/^### (Scan\w+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(alerts.map(({ alert }) => alert));
  });

  it('is told of for every outcome that a sender must hear of', () => {
    const text = JSON.stringify(rulesFile());
    for (const outcome of ['rejected', 'refused', 'unavailable']) expect(text).toContain(outcome);
  });
});

describe('the dashboard', () => {
  it('has a panel for each question', () => {
    expect(panels.map(({ title }) => title)).toEqual([
      'Scans by phase',
      'Age of running scans',
      'Violations',
      'Vulnerabilities by severity',
      'Verdicts',
      'Function latency',
      'Outcomes',
      'Alerts sent and failed',
      'API conflicts',
    ]);
  });

  it('lays no panel over another', () => {
    const taken = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(taken).size).toBe(taken.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it("is found by Grafana's sidecar", () => {
    const [kustomization] = readYaml(join(MONITORING, 'kustomization.yaml'));
    expect(kustomization?.configMapGenerator).toContainEqual({
      name: 'scan-status-dashboard',
      files: ['dashboard.json'],
      options: { disableNameSuffixHash: true, labels: { grafana_dashboard: '1' } },
    });
  });
});

describe('kube-state-metrics', () => {
  const { kind, spec } = stateMetrics();
  const crds = render('crds');

  it('is told of kinds that there are, by their own plurals', () => {
    expect(kind).toBe('CustomResourceStateMetrics');
    for (const { groupVersionKind: wanted, resourcePlural } of spec.resources) {
      const crd = crds.find(({ spec: defined }) => at(defined, 'names', 'kind') === wanted.kind);
      expect(wanted).toEqual({ group: GROUP, version: 'v1beta1', kind: at(crd?.spec, 'names', 'kind') });
      const plural = at(crd?.spec, 'names', 'plural');
      expect(resourcePlural ?? `${wanted.kind.toLowerCase()}s`).toBe(plural);
    }
  });

  it('may list and watch them, and nothing else', () => {
    const plurals = spec.resources.map(({ resourcePlural, groupVersionKind }) => {
      return resourcePlural ?? `${groupVersionKind.kind.toLowerCase()}s`;
    });
    const [role] = ofKind(manifests, 'rbac.authorization.k8s.io', 'ClusterRole');
    expect(role?.rules).toEqual([
      { apiGroups: [GROUP], resources: plurals, verbs: ['list', 'watch'] },
      { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: ['list', 'watch'] },
    ]);
  });

  it('knows every phase and every status of a condition', () => {
    const [crd] = crds.filter(({ metadata }) => metadata.name.startsWith('imagescans.'));
    const [version] = at(crd?.spec, 'versions') as readonly JsonObject[];
    const status = (...path: readonly string[]) =>
      at(version, 'schema', 'openAPIV3Schema', 'properties', 'status', 'properties', ...path);
    const lists = new Map(spec.resources[0]?.metrics.map(({ name, each }) => [name, each.stateSet?.list]));
    expect(lists.get('phase')).toEqual(status('phase', 'enum'));
    expect(lists.get('condition')).toEqual(status('conditions', 'items', 'properties', 'status', 'enum'));
  });

  const objectOf = (runs: Runs): JsonObject => ({
    kind: 'ImageScan',
    metadata: { namespace: 'team', name: 'shop', creationTimestamp: '2026-11-23T00:00:00Z' },
    status: project({}, runs, { namesPolicy: true }),
  });
  const linesOf = (object: JsonObject): readonly string[] => stateLines(stateMetrics(), object);
  const created = Date.parse('2026-11-23T00:00:00Z') / 1_000;
  const of = (name: string, labels: string, value: number) =>
    `scan_${name}{customresource_kind="ImageScan",name="shop",namespace="team"${labels}} ${value}`;

  it('tells of a scan without a run that it is there', () => {
    expect(linesOf(objectOf([]))).toEqual([of('created_timestamp_seconds', '', created)]);
  });

  it('tells of a scan that was judged all that people ask for', () => {
    const { run } = failedVerdict(SCAN, 'run', 9, ['CVE-2026-1']);
    const cveCount = { CRITICAL: 1, HIGH: 0, MEDIUM: 2, LOW: 0, UNKNOWN: 0, CVETOTAL: 3 };
    const verdict = { ...run, verdict: { ...(run.verdict as NonNullable<typeof run.verdict>), cveCount } };
    const facts = [startedFact(SCAN, 'run', 2).run, finishedFact(SCAN, 'run', 8).run, verdict];
    const lines = linesOf(objectOf(facts.reduce<Runs>(addRun, [])));
    expect(lines.filter((line) => line.endsWith(' 1'))).toEqual([
      of('phase', ',phase="Failed"', 1),
      ...[...CONDITION_TYPES].map((type) =>
        of('condition', `,status="${type === 'Succeeded' ? 'True' : 'False'}",type="${type}"`, 1),
      ),
      of('vulnerabilities', ',severity="CRITICAL"', 1),
    ]);
    expect(lines).toContain(of('newest_run_timestamp_seconds', '', created + 2));
    expect(lines).toContain(of('condition_since_timestamp_seconds', ',type="Succeeded"', created + 8));
    expect(lines).toContain(of('vulnerabilities', ',severity="CVETOTAL"', 3));
    expect(lines).toHaveLength(1 + 5 + 9 + 3 + 1 + 6);
  });

  it('tells of a policy that lets planted vulnerabilities pass', () => {
    const status = { conditions: [{ type: 'CanaryDenied', status: 'False' }] };
    const policy = { kind: 'ScanPolicy', metadata: { namespace: 'team', name: 'lax' }, status };
    expect(linesOf(policy)).toContain(
      'scan_policy_condition{customresource_kind="ScanPolicy",name="lax",namespace="team",status="False",type="CanaryDenied"} 1',
    );
  });
});

describe('Prometheus', () => {
  const [monitor] = ofKind(manifests, 'monitoring.coreos.com', 'ServiceMonitor');
  const services = ofKind(render('knative/base'), 'serving.knative.dev', 'Service');
  const [policy] = readYaml(join(MONITORING, 'network-policy.yaml'));

  it('looks where the functions are, at the port on which they listen', () => {
    expect(services.length).toBeGreaterThan(4);
    for (const { metadata, spec } of services) {
      expect(at(monitor?.spec, 'namespaceSelector', 'matchNames')).toEqual([metadata.namespace]);
      const [container] = at(spec, 'template', 'spec', 'containers') as readonly JsonObject[];
      // Knative names the port of the user's container, and the number is only in the network's rule.
      expect(at(policy, 'spec', 'ingress')).toMatchObject([
        { ports: [{ port: at(container ?? {}, 'ports', '0', 'containerPort') }] },
      ]);
    }
    expect(at(monitor?.spec, 'endpoints')).toMatchObject([{ targetPort: 'user-port', path: '/metrics' }]);
  });

  it("is let in where the functions' own rule lets nobody in", () => {
    const rule = ofKind(render('knative/base'), 'networking.k8s.io', 'NetworkPolicy').find(
      ({ metadata }) => metadata.name === 'functions',
    );
    expect(at(policy, 'spec', 'podSelector')).toEqual(at(rule?.spec, 'podSelector'));
    expect(at(policy, 'metadata', 'namespace')).toBe(rule?.metadata.namespace);
  });

  it('is set up in whatever namespace it has', () => {
    const placed = manifests.filter(({ metadata }) => metadata.namespace !== undefined);
    expect(placed.map(nameOf)).toEqual([]);
  });
});

it('tells Argo CD how each kind of scan is, by one script', () => {
  const scripts = healthScripts();
  const kinds = ['ImageScan', 'SourceScan'];
  expect(Object.keys(scripts)).toEqual(kinds.map((kind) => `resource.customizations.health.${GROUP}_${kind}`));
  expect(new Set(Object.values(scripts)).size).toBe(1);
});

describe('what is counted of', () => {
  const serve = servers();
  const event = (type: string, data: JsonObject): string =>
    JSON.stringify({ specversion: '1.0', id: '1', source: '/x', type, data });
  const started = event('dev.scanstatus.job-started.v1', {
    scan: SCAN,
    run: { job: 'scan-1', uid: 'run-1' },
    startedAt: '2026-11-23T05:51:52Z',
  });
  const told = async (url: string, name: string): Promise<readonly string[]> =>
    (await get(url, '/metrics')).body.split('\n').filter((line) => line.startsWith(name));

  it('a message is how long each took, by its route', async () => {
    const { url } = await serve();
    const headers = { 'content-type': 'application/cloudevents+json' };
    for (const path of ['/job-started', '/job-started', '/'])
      expect((await send(url, { path, headers, body: started })).status).toBeLessThan(300);
    expect((await send(url, { path: '/job-started', headers, body: '{' })).status).toBe(400);
    const name = 'scan_status_message_duration_seconds';
    expect(await told(url, `${name}_count`)).toEqual([
      `${name}_count{function="all"} 1`,
      `${name}_count{function="job-started"} 3`,
    ]);
    const buckets = (await told(url, `${name}_bucket{function="job-started"`)).map((line) =>
      Number(line.split(' ')[1]),
    );
    expect(buckets.at(-1)).toBe(3);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    const [sum = ''] = await told(url, `${name}_sum{function="job-started"`);
    expect(Number(sum.split(' ')[1])).toBeGreaterThan(0);
    expect(Number(sum.split(' ')[1])).toBeLessThan(60);
  });

  it('an event is its type, where it is one of ours, and its outcome', () => {
    const metrics = startMetrics();
    const types = Object.values(eventTypes).filter((type) => typeof type === 'string');
    for (const type of [...types, 'com.example.other'])
      metrics.count({ type, outcome: 'ignored', changes: [], causes: [] });
    const counted = [...metrics.text().matchAll(/^scan_status_events_total\{type="(.*)",outcome="ignored"\} 1$/gm)];
    expect(counted.map(([, type]) => type)).toEqual([...types, 'other'].toSorted());
  });

  it('a duration is in every bucket that it fits into, and in the last whatever it is', async () => {
    const metrics = startMetrics();
    await expect(metrics.timed([{ name: 'alert' }], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const lines = metrics
      .text()
      .split('\n')
      .filter((line) => line.includes('_bucket{'));
    expect(lines.at(-1)).toBe('scan_status_message_duration_seconds_bucket{function="alert",le="+Inf"} 1');
    expect(lines.map((line) => Number(line.split(' ')[1]))).toContain(1);
  });

  it('a write is whether others were faster, and not whether nobody answered', async () => {
    const metrics = startMetrics();
    const store = memoryStore({ maximum: 10 });
    const troubles = [new Conflict(), new Unanswered(), new Conflict()];
    const troubled = metrics.watched({
      ...store,
      write: async (read, next) => {
        const trouble = troubles.pop();
        if (trouble !== undefined) throw trouble;
        await store.write(read, next);
      },
    });
    expect(await applyFacts(troubled, [startedFact(SCAN, 'run', 1)])).toMatchObject([{ outcome: 'applied' }]);
    expect(metrics.text()).toContain('\nscan_status_conflicts_total{kind="ImageScan"} 2\n');
  });

  it('alerts is what each receiver took, and what it did not', () => {
    const metrics = startMetrics();
    metrics.alerts.sent('ops "slack"');
    metrics.alerts.failed('pager');
    expect(metrics.text()).toContain('\nalerts_sent_total{receiver="ops \\"slack\\""} 1\n');
    expect(metrics.text()).toContain('\nalerts_failed_total{receiver="pager"} 1\n');
  });

  it('every name has its help and its type', () => {
    const heads = startMetrics().text().trim().split('\n');
    expect(heads.length).toBeGreaterThan(8);
    for (const line of heads) expect(line).toMatch(/^# (?:HELP \S+ \S.*\.|TYPE \S+ (?:counter|histogram))$/);
    expect(isJsonObject(dashboard())).toBe(true);
  });
});
