/** What RBAC lets alert do with its real token: keep ConfigMaps in a namespace of its own, and nothing else. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { openAlertState } from '../../shared/alerts/state/open.ts';
import { increment, keyAt } from '../support/alert-state-records.ts';
import { cluster } from './support/access.ts';
import { type Api, apiOf } from './support/api.ts';
import { ACCOUNTS_NAMESPACE } from './support/functions.ts';
import { realConnections } from './support/real-connections.ts';
import { eventually, GROUP, install, newNamespace, newScan, scansPath, tokenOf } from './support/scans.ts';

const OWN = 'scan-status-alerts';
const admin = apiOf(cluster());
let alert: Api;
let token = '';
let team = '';

const configMaps = (namespace: string, name = ''): string => `/api/v1/namespaces/${namespace}/configmaps${name}`;

beforeAll(async () => {
  await install('rbac/accounts');
  team = await newNamespace(admin, 'team');
  await install('rbac/namespace', '-n', team);
  token = await tokenOf('alert', ACCOUNTS_NAMESPACE);
  alert = apiOf(cluster(), { token });
  await eventually(async () => (await alert.get(configMaps(OWN))).code === 200);
}, 60_000);

describe('alert', () => {
  const connect = realConnections();

  it('remembers, finds what is due, and forgets, with its own token', async () => {
    const state = await openAlertState({ configMaps: { namespace: OWN } }, connect({ ...cluster(), token }));
    const [counted, due, old] = [keyAt(1), keyAt(2), keyAt(4)];
    expect(await increment(state, counted)).toBe(1);
    expect(await increment(state, counted)).toBe(2);
    await state.put({ key: due, value: '{}', dueAt: 1, keepUntil: 1 });
    await state.put({ key: old, value: '{}', keepUntil: 1 });
    expect(await state.due(10 * 86_400_000, 10)).toEqual([due]);
    expect(await state.get(old)).toBeUndefined();
    for (const key of [counted, due]) await admin.send('DELETE', configMaps(OWN, `/${key}`));
  });

  const rightsIn = async (namespace: string, api: Api): Promise<readonly string[]> => {
    const review = { spec: { namespace } };
    const { body } = await api.create('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', review);
    const { resourceRules } = body.status as { resourceRules: { resources: string[]; verbs: string[] }[] };
    return resourceRules.flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    );
  };

  it.each<[where: string, namespace: () => string, needed: readonly string[]]>([
    [
      'where it remembers',
      () => OWN,
      ['create', 'delete', 'get', 'list', 'update'].map((verb) => `${verb} configmaps`),
    ],
    ['where the functions are', () => ACCOUNTS_NAMESPACE, []],
    ['where scans are', () => team, []],
    ['elsewhere', () => 'kube-system', []],
  ])('has just the rights it needs %s', async (_, namespace, needed) => {
    const everybody = await rightsIn(namespace(), apiOf(cluster(), { token: await tokenOf('default', team) }));
    const rights = (await rightsIn(namespace(), alert)).filter((right) => !everybody.includes(right));
    expect(rights.toSorted()).toEqual(needed);
  });

  it('is refused all else', async () => {
    const scan = await newScan(admin, team);
    const object = { metadata: { name: 'some' }, spec: {} };
    const patch = { 'content-type': 'application/merge-patch+json' };
    const attempts: readonly (readonly [method: string, path: string, body?: unknown])[] = [
      ['GET', scan],
      ['GET', scansPath('ImageScan', team)],
      ['PATCH', `${scan}/status`, { status: { lastSent: 1 } }],
      ['GET', `/apis/${GROUP}/v1beta1/namespaces/${team}/scanpolicies/some`],
      ['GET', '/api/v1/configmaps'],
      ['GET', configMaps(team)],
      ['GET', configMaps(team, '/some')],
      ['POST', configMaps(team), object],
      ['DELETE', configMaps(team, '/some')],
      ['GET', configMaps(ACCOUNTS_NAMESPACE, '/alerts')],
      ['PUT', configMaps(ACCOUNTS_NAMESPACE, '/verdict-keys'), object],
      ['PATCH', configMaps(OWN, '/some'), {}],
      ['DELETE', configMaps(OWN)],
      ['GET', `${configMaps(OWN)}?watch=true`],
      ['GET', `/api/v1/namespaces/${OWN}/secrets`],
      ['GET', `/api/v1/namespaces/${ACCOUNTS_NAMESPACE}/secrets/alert-secrets`],
      ['GET', `/api/v1/namespaces/${team}/pods`],
      ['GET', `/apis/batch/v1/namespaces/${team}/jobs/some`],
      ['POST', `/api/v1/namespaces/${OWN}/events`, object],
      ['GET', '/api/v1/namespaces'],
      ['POST', `/api/v1/namespaces/${ACCOUNTS_NAMESPACE}/serviceaccounts/job-finished/token`, { spec: {} }],
    ];
    for (const [method, path, body] of attempts) {
      const sent = { body, ...(method === 'PATCH' && { headers: patch }) };
      expect([method, path, (await alert.send(method, path, sent)).code]).toEqual([method, path, 403]);
    }
  });
});
