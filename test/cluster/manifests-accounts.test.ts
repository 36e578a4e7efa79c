/** What the accounts that watch for the functions may do with their real tokens, and that they may do nothing else. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { render } from '../support/manifests.ts';
import { cluster } from './support/access.ts';
import { type Api, apiOf } from './support/api.ts';
import { kubectlText } from './support/cluster.ts';
import { eventually, GROUP, newNamespace, tokenOf } from './support/scans.ts';

const admin = apiOf(cluster());

describe('the accounts that watch', () => {
  const ACCOUNTS = ['event-exporter', 'jobs-source', 'scan-policies-source'] as const;
  const apis = new Map<string, Api>();
  let own = '';
  let team = '';
  const as = (account: string): Api => apis.get(account) ?? admin;

  beforeAll(async () => {
    own = await newNamespace(admin, 'watching');
    team = await newNamespace(admin, 'team');
    const kinds = new Set(['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding']);
    const folders = ['knative/overlays/apiserversource', 'event-exporter/webhook'];
    const manifests = folders.flatMap((folder) => render(folder)).filter(({ kind }) => kinds.has(kind));
    // In a namespace of their own: other tests count those of scan-status.
    const input = manifests
      .map((manifest) => JSON.stringify(manifest).replaceAll('"scan-status"', `"${own}"`))
      .join('\n---\n');
    await kubectlText(cluster(), ['apply', '-f', '-'], { input });
    for (const account of ACCOUNTS) apis.set(account, apiOf(cluster(), { token: await tokenOf(account, own) }));
    await eventually(async () => (await as('event-exporter').get('/api/v1/events')).code === 200);
  }, 60_000);

  const JOBS = '/apis/batch/v1/jobs';
  const POLICIES = `/apis/${GROUP}/v1beta1/scanpolicies`;

  it.each<[string, string, string, number]>([
    ['event-exporter', 'lists events', '/api/v1/events', 200],
    ['event-exporter', 'asks what kinds there are', '/apis/batch/v1', 200],
    ['event-exporter', 'gets a Job, of which there is none', '/apis/batch/v1/namespaces/TEAM/jobs/some', 404],
    ['event-exporter', 'lists no Jobs', JOBS, 403],
    ['event-exporter', 'gets no Pod', '/api/v1/namespaces/TEAM/pods/some', 403],
    ['event-exporter', 'gets no scan', `/apis/${GROUP}/v1beta1/namespaces/TEAM/imagescans/some`, 403],
    ['jobs-source', 'lists Jobs', JOBS, 200],
    ['jobs-source', 'lists no events', '/api/v1/events', 403],
    ['jobs-source', 'lists no policies', POLICIES, 403],
    ['scan-policies-source', 'lists policies', POLICIES, 200],
    ['scan-policies-source', 'lists no Jobs', JOBS, 403],
    ['scan-policies-source', 'lists no ConfigMaps', '/api/v1/configmaps', 403],
  ])('%s %s', async (account, _, path, code) => {
    await eventually(async () => (await as(account).get(path.replace('TEAM', team))).code === code);
  });

  it.each(ACCOUNTS)('%s reads no secrets and no pods, and writes nothing', async (account) => {
    const named = { metadata: { name: 'some' }, spec: {} };
    const scans = `/apis/${GROUP}/v1beta1/namespaces/${team}/imagescans`;
    const core = (kind: string) => `/api/v1/namespaces/${team}/${kind}`;
    const attempts: readonly (readonly [string, string, unknown?])[] = [
      ['GET', '/api/v1/secrets'],
      ['GET', `${core('secrets')}/some`],
      ['GET', '/api/v1/pods'],
      ['GET', `${core('pods')}/some/log`],
      ['GET', '/api/v1/namespaces'],
      ['POST', core('events'), named],
      ['DELETE', `${core('events')}/some`],
      ['POST', core('configmaps'), named],
      ['POST', core('pods'), named],
      ['POST', `/apis/batch/v1/namespaces/${team}/jobs`, named],
      ['DELETE', `/apis/batch/v1/namespaces/${team}/jobs/some`],
      ['PATCH', `${scans}/some/status`, { status: {} }],
      ['PATCH', `/apis/${GROUP}/v1beta1/namespaces/${team}/scanpolicies/some`, { spec: {} }],
      ['PUT', `/apis/coordination.k8s.io/v1/namespaces/${own}/leases/some`, named],
      ['POST', `/api/v1/namespaces/${own}/serviceaccounts/${account}/token`, { spec: {} }],
      ['POST', `/api/v1/namespaces/${own}/configmaps`, named],
    ];
    for (const [method, path, body] of attempts) {
      const headers = method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
      expect([method, path, (await as(account).send(method, path, { body, headers })).code]).toEqual([
        method,
        path,
        403,
      ]);
    }
  });

  it.each([
    ['event-exporter', ['get jobs', 'list events', 'watch events']],
    ['jobs-source', ['get jobs', 'list jobs', 'watch jobs']],
    ['scan-policies-source', ['get scanpolicies', 'list scanpolicies', 'watch scanpolicies']],
  ])('%s has just the rights it needs', async (account, needed) => {
    const rightsOf = async (api: Api): Promise<readonly string[]> => {
      const review = { spec: { namespace: team } };
      const { body } = await api.create('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', review);
      const { resourceRules } = body.status as { resourceRules: { resources: string[]; verbs: string[] }[] };
      return resourceRules.flatMap(({ resources, verbs }) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
      );
    };
    const everybody = await rightsOf(apiOf(cluster(), { token: await tokenOf('default', team) }));
    const rights = (await rightsOf(as(account))).filter((right) => !everybody.includes(right));
    expect(rights.toSorted()).toEqual(needed);
  });
});
