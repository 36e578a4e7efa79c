/** What RBAC lets each function do with its real token: what it needs, and nothing else. */
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { cluster } from './support/access.ts';
import { type Api, apiOf } from './support/api.ts';
import { kubectlText } from './support/cluster.ts';
import { type AccountName, FUNCTIONS, functionApi, installFunctions, POLICY_FUNCTIONS } from './support/functions.ts';
import { started } from './support/runs.ts';
import { eventually, GROUP, install, newNamespace, newScan, scansPath, scanWith, tokenOf } from './support/scans.ts';

const admin = apiOf(cluster());
const ACCOUNTS = [...FUNCTIONS, ...POLICY_FUNCTIONS];
const accounts = new Map<AccountName, Api>();
let namespace = '';
let elsewhere = '';

const as = (name: AccountName): Api => accounts.get(name) ?? admin;

beforeAll(async () => {
  namespace = await newNamespace(admin, 'rights');
  elsewhere = await newNamespace(admin, 'elsewhere');
  await installFunctions(admin, namespace);
  for (const name of ACCOUNTS) accounts.set(name, await functionApi(name));
}, 60_000);

type Attempt = readonly [method: string, path: string, body?: unknown];

const core = (kind: string, name = '') => `/api/v1/namespaces/${namespace}/${kind}${name}`;
const policies = (where: string) => `/apis/${GROUP}/v1beta1/namespaces/${where}/scanpolicies`;
const target = async () => scanWith(admin, namespace, [started]);

const rightsOf = async (api: Api): Promise<readonly string[]> => {
  const review = { spec: { namespace } };
  const { body } = await api.create('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', review);
  const { resourceRules } = body.status as { resourceRules: { resources: string[]; verbs: string[] }[] };
  return resourceRules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
  );
};

const refuses = async (account: AccountName, attempts: readonly Attempt[]): Promise<void> => {
  const headers = { 'content-type': 'application/merge-patch+json' };
  for (const [method, path, body] of attempts) {
    const sent = { body, ...(method === 'PATCH' && { headers }) };
    expect([method, path, (await as(account).send(method, path, sent)).code]).toEqual([method, path, 403]);
  }
};

const SCANS = ['imagescans', 'sourcescans'];
const keeps = (fact: string): readonly string[] =>
  SCANS.flatMap((scans) => [`get ${scans}`, `patch ${scans}/status`, `patch ${scans}/${fact}`]);

describe('every account', () => {
  it.each<[AccountName, readonly string[]]>([
    ['job-started', keeps('start')],
    ['job-finished', keeps('finish')],
    ['policy-evaluated', keeps('verdict')],
    ['evaluate-policy', [...SCANS.map((scans) => `get ${scans}`), 'get scanpolicies', 'get configmaps']],
    ['compile-policy', ['get scanpolicies', 'patch scanpolicies/status', 'get configmaps', 'create configmaps']],
  ])('%s has just the rights it needs', async (account, needed) => {
    const everybody = await rightsOf(apiOf(cluster(), { token: await tokenOf('default', elsewhere) }));
    const rights = (await rightsOf(as(account))).filter((right) => !everybody.includes(right));
    expect(rights.toSorted()).toEqual(needed.toSorted());
  });
});

describe('every function that keeps scans', () => {
  it.each(FUNCTIONS)('%s reads a scan', async (account) => {
    expect((await as(account).get(await target())).code).toBe(200);
  });

  it.each(FUNCTIONS)('%s is refused all else', async (account) => {
    const scan = await target();
    const { body: whole } = await admin.get(scan);
    const there = await newScan(admin, elsewhere);
    const job = { metadata: { name: 'job' }, spec: {} };
    await refuses(account, [
      ['PATCH', scan, { spec: { scanPolicy: 'other' } }],
      ['PATCH', scan, { metadata: { labels: { a: 'b' } } }],
      ['PATCH', scan, { metadata: { annotations: { a: 'b' } } }],
      ['PATCH', scan, { metadata: { finalizers: ['example.com/a'] } }],
      ['PUT', scan, whole],
      ['PUT', `${scan}/status`, whole],
      ['DELETE', scan],
      ['GET', scansPath('ImageScan', namespace)],
      ['GET', `${scansPath('ImageScan', namespace)}?watch=true`],
      ['POST', scansPath('ImageScan', namespace), { ...whole, metadata: { name: 'new' } }],
      ['DELETE', scansPath('ImageScan', namespace)],
      ['GET', there],
      ['PATCH', `${there}/status`, { status: { lastSent: 1 } }],
      ['GET', core('secrets')],
      ['GET', core('secrets', '/some')],
      ['GET', core('configmaps', '/some')],
      ['GET', core('pods')],
      ['GET', core('pods', '/some')],
      ['POST', core('pods'), job],
      ['POST', core('events'), job],
      ['POST', core('serviceaccounts', '/default/token'), { spec: {} }],
      ['GET', `/apis/batch/v1/namespaces/${namespace}/jobs`],
      ['GET', `/apis/batch/v1/namespaces/${namespace}/jobs/some`],
      ['POST', `/apis/batch/v1/namespaces/${namespace}/jobs`, job],
      ['GET', `${policies(namespace)}/some`],
      ['GET', '/api/v1/namespaces'],
      ['GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'],
      ['GET', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'],
      ['POST', '/api/v1/namespaces/scan-status/serviceaccounts/job-finished/token', { spec: {} }],
    ]);
    const asAdmin = await functionApi(account, { 'impersonate-user': 'admin' });
    expect((await asAdmin.get(scan)).code).toBe(403);
  });

  it.each(FUNCTIONS)('%s changes nothing but the status through /status', async (account) => {
    const scan = await target();
    const { body: before } = await admin.get(scan);
    const metadata = {
      labels: { a: 'b' },
      annotations: { a: 'b' },
      finalizers: ['example.com/a'],
      ownerReferences: [],
    };
    const answer = await as(account).patch(`${scan}/status`, { metadata, spec: { scanPolicy: 'other' } });
    expect(answer.message).toBe('');
    expect((await admin.get(scan)).body).toEqual(before);
  });
});

describe('the functions of policies', () => {
  const newPolicy = async (where: string): Promise<string> => {
    const object = { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy', metadata: { generateName: 'policy-' } };
    const { body, message } = await admin.create(policies(where), { ...object, spec: { regoFile: 'package main' } });
    expect(message).toBe('');
    return `${policies(where)}/${(body.metadata as JsonObject).name}`;
  };
  const newMap = async (where: string): Promise<string> => {
    const path = `/api/v1/namespaces/${where}/configmaps`;
    const { body } = await admin.create(path, { metadata: { generateName: 'map-' }, data: { a: 'b' } });
    return `${path}/${(body.metadata as JsonObject).name}`;
  };

  it('evaluate-policy reads a scan, its policy and a ConfigMap', async () => {
    for (const path of [await target(), await newPolicy(namespace), await newMap(namespace)])
      expect((await as('evaluate-policy').get(path)).code).toBe(200);
  });

  it('compile-policy reads a policy, writes its status alone, and creates a ConfigMap', async () => {
    const policy = await newPolicy(namespace);
    const { body: before } = await as('compile-policy').get(policy);
    const patch = { metadata: { labels: { a: 'b' } }, spec: { regoFile: 'other' }, status: { observedGeneration: 1 } };
    expect((await as('compile-policy').patch(`${policy}/status`, patch)).message).toBe('');
    const { body: after } = await admin.get(policy);
    expect(after).toMatchObject({ spec: before.spec, status: { observedGeneration: 1 } });
    expect((after.metadata as JsonObject).labels).toBeUndefined();
    const map = { metadata: { generateName: 'map-' } };
    expect((await as('compile-policy').create(core('configmaps'), map)).code).toBe(201);
  });

  it.each(POLICY_FUNCTIONS)('%s is refused all else', async (account) => {
    const [scan, policy, map] = [await target(), await newPolicy(namespace), await newMap(namespace)];
    await refuses(account, [
      ['PATCH', `${scan}/status`, { status: { lastSent: 1 } }],
      ['PATCH', `${scan}/verdict`, {}],
      ['PATCH', scan, { spec: { scanPolicy: 'other' } }],
      ['GET', scansPath('ImageScan', namespace)],
      ['PATCH', policy, { spec: { regoFile: 'other' } }],
      ['PATCH', policy, { metadata: { annotations: { a: 'b' } } }],
      ['PUT', `${policy}/status`, (await admin.get(policy)).body],
      ['DELETE', policy],
      ['GET', policies(namespace)],
      ['PATCH', map, { data: { a: 'c' } }],
      ['PUT', map, (await admin.get(map)).body],
      ['DELETE', map],
      ['GET', core('configmaps')],
      ['GET', core('secrets', '/some')],
      ['GET', core('pods')],
      ['GET', core('pods', '/some/log')],
      ['GET', `/apis/batch/v1/namespaces/${namespace}/jobs/some`],
      ['POST', core('events'), { metadata: { name: 'a' } }],
      ['GET', await newPolicy(elsewhere)],
      ['GET', await newMap(elsewhere)],
      ['POST', '/api/v1/namespaces/scan-status/serviceaccounts/policy-evaluated/token', { spec: {} }],
    ]);
  });

  it('evaluate-policy writes nothing, and compile-policy reads no scan', async () => {
    await refuses('evaluate-policy', [
      ['PATCH', `${await newPolicy(namespace)}/status`, { status: { observedGeneration: 1 } }],
      ['POST', core('configmaps'), { metadata: { name: 'new' } }],
    ]);
    await refuses('compile-policy', [['GET', await target()]]);
  });
});

describe('the rights that are given by choice', () => {
  const may = async (account: AccountName, verb: string, path: string, where: string): Promise<boolean> => {
    const [group = '', resource = '', subresource = ''] = path.split('/');
    const review = { spec: { resourceAttributes: { namespace: where, verb, group, resource, subresource } } };
    const { body } = await as(account).create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
    return (body.status as { allowed: boolean }).allowed;
  };

  it.each<[part: string, verb: string, resource: string, allowed: readonly [AccountName, ...AccountName[]]]>([
    ['job-facts', 'get', 'batch/jobs', ['job-started', 'job-finished', 'evaluate-policy']],
    ['pod-details', 'list', '/pods', ['job-finished']],
    ['pod-logs', 'list', '/pods', ['evaluate-policy']],
    ['pod-logs', 'get', '/pods/log', ['evaluate-policy']],
  ])('%s lets only those %s %s that need it', async (part, verb, resource, allowed) => {
    const own = await newNamespace(admin, part);
    await install(`rbac/namespace/${part}`, '-n', own);
    const [one] = allowed;
    await eventually(() => may(one, verb, resource, own));
    for (const account of ACCOUNTS) expect(await may(account, verb, resource, own)).toBe(allowed.includes(account));
    for (const other of ['get', 'list', 'watch', 'create', 'delete'].filter((each) => each !== verb))
      expect(await may(one, other, resource, own)).toBe(false);
    expect(await may(one, verb, resource, elsewhere)).toBe(false);
  });

  it.each(['', '/job-facts', '/pod-details', '/pod-logs'])(
    'infra/rbac/cluster%s gives for all namespaces what the other gives for one',
    async (part) => {
      const dryRun = ['--dry-run=server', '-o', 'json'];
      const bindings = async (scope: string): Promise<readonly JsonObject[]> => {
        const folder = new URL(`../../infra/rbac/${scope}${part}`, import.meta.url).pathname;
        const text = await kubectlText(cluster(), ['apply', ...dryRun, '-n', elsewhere, '-k', folder]);
        const read = JSON.parse(text) as JsonObject;
        return 'items' in read ? (read.items as JsonObject[]) : [read];
      };
      const [all, one] = [await bindings('cluster'), await bindings('namespace')];
      expect(all.map(({ kind }) => kind)).toEqual(one.map(() => 'ClusterRoleBinding'));
      expect(all.map(({ roleRef, subjects }) => ({ roleRef, subjects }))).toEqual(
        one.map(({ roleRef, subjects }) => ({ roleRef, subjects })),
      );
    },
  );
});

describe('the accounts', () => {
  it('are those of the functions', async () => {
    const folders = readdirSync(new URL('../../functions', import.meta.url), { withFileTypes: true });
    const { items } = (await admin.get('/api/v1/namespaces/scan-status/serviceaccounts')).body as {
      items: { metadata: { name: string } }[];
    };
    const accounts = items.map(({ metadata }) => metadata.name).filter((name) => name !== 'default');
    expect(accounts.sort()).toEqual(
      folders
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort(),
    );
  });
});
