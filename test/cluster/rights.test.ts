/** What RBAC lets each function do with its real token: what it needs, and nothing else. */
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { cluster } from './support/access.ts';
import { type Api, apiOf } from './support/api.ts';
import { kubectlText } from './support/cluster.ts';
import { FUNCTIONS, type FunctionName, functionApi, installFunctions } from './support/functions.ts';
import { started } from './support/runs.ts';
import { eventually, GROUP, install, newNamespace, newScan, scansPath, scanWith, tokenOf } from './support/scans.ts';

const admin = apiOf(cluster());
const accounts = new Map<FunctionName, Api>();
let namespace = '';
let elsewhere = '';

const as = (name: FunctionName): Api => accounts.get(name) ?? admin;

beforeAll(async () => {
  namespace = await newNamespace(admin, 'rights');
  elsewhere = await newNamespace(admin, 'elsewhere');
  await installFunctions(admin, namespace);
  for (const name of FUNCTIONS) accounts.set(name, await functionApi(name));
}, 60_000);

describe('every function', () => {
  const core = (kind: string, name = '') => `/api/v1/namespaces/${namespace}/${kind}${name}`;
  const target = async () => scanWith(admin, namespace, [started]);

  const rightsOf = async (api: Api): Promise<readonly string[]> => {
    const review = { spec: { namespace } };
    const { body } = await api.create('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', review);
    const { resourceRules } = body.status as { resourceRules: { resources: string[]; verbs: string[] }[] };
    return resourceRules.flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    );
  };

  it.each<[FunctionName, string]>([
    ['job-started', 'start'],
    ['job-finished', 'finish'],
    ['policy-evaluated', 'verdict'],
  ])('%s has just the rights it needs', async (account, fact) => {
    const everybody = await rightsOf(apiOf(cluster(), { token: await tokenOf('default', elsewhere) }));
    const rights = (await rightsOf(as(account))).filter((right) => !everybody.includes(right));
    expect(rights.toSorted()).toEqual(
      ['imagescans', 'sourcescans']
        .flatMap((scans) => [`get ${scans}`, `patch ${scans}/status`, `patch ${scans}/${fact}`])
        .toSorted(),
    );
  });

  it.each(FUNCTIONS)('%s reads a scan', async (account) => {
    expect((await as(account).get(await target())).code).toBe(200);
  });

  it.each(FUNCTIONS)('%s is refused all else', async (account) => {
    const scan = await target();
    const { body: whole } = await admin.get(scan);
    const there = await newScan(admin, elsewhere);
    const job = { metadata: { name: 'job' }, spec: {} };
    const attempts: readonly (readonly [method: string, path: string, body?: unknown])[] = [
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
      ['GET', `/apis/${GROUP}/v1beta1/namespaces/${namespace}/scanpolicies/some`],
      ['GET', '/api/v1/namespaces'],
      ['GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'],
      ['GET', '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies'],
      ['POST', '/api/v1/namespaces/scan-status/serviceaccounts/job-finished/token', { spec: {} }],
    ];
    const headers = { 'content-type': 'application/merge-patch+json' };
    for (const [method, path, body] of attempts) {
      const sent = { body, ...(method === 'PATCH' && { headers }) };
      expect([method, path, (await as(account).send(method, path, sent)).code]).toEqual([method, path, 403]);
    }
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

describe('the rights that are given by choice', () => {
  const may = async (account: FunctionName, verb: string, resource: string, where: string): Promise<boolean> => {
    const [group = '', name = ''] = resource.split('/');
    const review = { spec: { resourceAttributes: { namespace: where, verb, group, resource: name } } };
    const { body } = await as(account).create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review);
    return (body.status as { allowed: boolean }).allowed;
  };

  it.each<[part: string, verb: string, resource: string, allowed: readonly string[]]>([
    ['job-facts', 'get', 'batch/jobs', ['job-started', 'job-finished']],
    ['pod-details', 'list', '/pods', ['job-finished']],
  ])('%s lets only those %s %s that need it', async (part, verb, resource, allowed) => {
    const own = await newNamespace(admin, part);
    await install(`rbac/namespace/${part}`, '-n', own);
    await eventually(() => may('job-finished', verb, resource, own));
    for (const account of FUNCTIONS) expect(await may(account, verb, resource, own)).toBe(allowed.includes(account));
    for (const other of ['get', 'list', 'watch', 'create', 'delete'].filter((one) => one !== verb))
      expect(await may('job-finished', other, resource, own)).toBe(false);
    expect(await may('job-finished', verb, resource, elsewhere)).toBe(false);
  });

  it.each(['', '/job-facts', '/pod-details'])(
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
