/** In a namespace with scans a tenant may do anything but forge a scan's run: proven with a tenant's real token. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { cluster } from './support/access.ts';
import { type Answer, type Api, apiOf } from './support/api.ts';
import { eventually, GROUP, install, newNamespace, newScan, scansPath, tokenOf } from './support/scans.ts';

const admin = apiOf(cluster());
/** A node's agent, which tells how pods fare. */
const kubelet = apiOf(cluster(), {
  headers: { 'impersonate-user': 'system:node:some', 'impersonate-group': 'system:nodes' },
});
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const CONTROLLER = 'scan-controller';
const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';

let tenant: Api;
let controller: Api;
let namespace = '';
let scan: JsonObject;

const jobs = (name = '') => `/apis/batch/v1/namespaces/${namespace}/jobs${name && `/${name}`}`;
const pods = (name = '') => `/api/v1/namespaces/${namespace}/pods${name && `/${name}`}`;
const events = (group: string, name = '') =>
  `${group === '' ? '/api/v1' : `/apis/${group}/v1`}/namespaces/${namespace}/events${name && `/${name}`}`;

const unique = (name: string) => `${name}-${randomUUID().slice(0, 8)}`;
const metadataOf = ({ body }: Answer) => body.metadata as { name: string; uid: string; creationTimestamp: string };
const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'scanner', image: 'scanner' }] } };

const jobNamed = (metadata: JsonObject = {}): JsonObject => ({
  metadata: { name: unique('job'), ...metadata },
  spec: { backoffLimit: 0, template },
});
const podNamed = (metadata: JsonObject = {}): JsonObject => ({
  metadata: { name: unique('pod'), ...metadata },
  spec: template.spec,
});
const ownedBy = (apiVersion: string, kind: string, { name, uid }: { name: string; uid: string }, controls = true) => ({
  ownerReferences: [{ apiVersion, kind, name, uid, controller: controls }],
});
const ofScan = (controls = true) =>
  ownedBy(`${GROUP}/v1beta1`, 'ImageScan', scan.metadata as { name: string; uid: string }, controls);

const grant = async (account: string, where: string, rules: readonly JsonObject[]): Promise<void> => {
  await admin.create(`${RBAC}/namespaces/${namespace}/roles`, { metadata: { name: account }, rules });
  await admin.create(`${RBAC}/namespaces/${namespace}/rolebindings`, {
    metadata: { name: account },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: where }],
  });
};

const account = async (name: string, where: string, rules: readonly JsonObject[]): Promise<Api> => {
  await admin.create(`/api/v1/namespaces/${where}/serviceaccounts`, { metadata: { name } });
  await grant(name, where, rules);
  return apiOf(cluster(), { token: await tokenOf(name, where) });
};

beforeAll(async () => {
  for (const part of ['crds', 'rbac/accounts', 'admission/tenants']) await install(part);
  namespace = await newNamespace(admin, 'tenants', { 'scanstatus.dev/scans': 'true' });
  await eventually(async () => (await admin.get(scansPath('ImageScan', namespace))).code === 200);
  scan = (await admin.get(await newScan(admin, namespace))).body;
  tenant = await account('tenant', namespace, [
    { apiGroups: ['batch'], resources: ['jobs', 'jobs/status'], verbs: ['*'] },
    { apiGroups: [''], resources: ['pods', 'pods/status', 'pods/ephemeralcontainers'], verbs: ['*'] },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['*'] },
  ]);
  // The name that the part comes with; whoever installs it writes their own there.
  await admin.create('/api/v1/namespaces', { metadata: { name: CONTROLLER } });
  controller = await account(CONTROLLER, CONTROLLER, [
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'create', 'patch', 'delete'] },
  ]);
  await admin.create(`${RBAC}/clusterrolebindings`, {
    metadata: { name: 'test-kubelet' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node' },
    subjects: [{ kind: 'User', name: 'system:node:some' }],
  });
  await eventually(async () => (await tenant.create(`${jobs()}?dryRun=All`, jobNamed(ofScan()))).code === 403);
  await eventually(async () => (await controller.get(jobs('some'))).code === 404);
}, 60_000);

/** What a Job's controller made: its pods, once there are some. */
const podsOf = async ({ uid }: { uid: string }): Promise<readonly { metadata: { name: string; uid: string } }[]> => {
  const selector = encodeURIComponent(`${CONTROLLER_UID}=${uid}`);
  const list = async () =>
    (await admin.get(`${pods()}?labelSelector=${selector}`)).body.items as {
      metadata: { name: string; uid: string };
    }[];
  await eventually(async () => (await list()).length > 0);
  return list();
};

const reasonsOf = async (name: string): Promise<readonly string[]> => {
  const selector = encodeURIComponent(`involvedObject.kind=Job,involvedObject.name=${name}`);
  const { items } = (await admin.get(`${events('')}?fieldSelector=${selector}`)).body as {
    items: { reason: string }[];
  };
  return items.map(({ reason }) => reason);
};

const ended = { status: { phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False' }] } };

const refused = ({ code, message }: Answer, why: string): void => {
  expect(message).toContain(why);
  expect(code).toBe(403);
};
const NOT_OF_SCAN = 'only the scan controller may create or change what a scan owns';
const NOT_OF_JOB = 'only the Job controller may create or change the pods of a Job';
const NO_EVENT = 'only the Job controller may tell Events about Jobs';

describe('the scan controller', () => {
  it('creates and changes Jobs, which run and finish as ever', async () => {
    const job = metadataOf(await controller.create(jobs(), jobNamed(ofScan())));
    expect((await controller.patch(jobs(job.name), { metadata: { labels: { a: 'b' } } })).message).toBe('');
    const [pod] = await podsOf(job);
    expect((await kubelet.patch(`${pods(pod?.metadata.name)}/status`, ended)).message).toBe('');
    await eventually(async () => (await reasonsOf(job.name)).includes('Completed'));
    expect(await reasonsOf(job.name)).toContain('SuccessfulCreate');
    const { status } = (await admin.get(jobs(job.name))).body as { status: { succeeded: number } };
    expect(status.succeeded).toBe(1);
    // The garbage collector may still let go of what is left.
    expect((await controller.send('DELETE', `${jobs(job.name)}?propagationPolicy=Orphan`)).code).toBe(200);
    await eventually(async () => (await admin.get(jobs(job.name))).code === 404);
  }, 30_000);
});

describe('a tenant', () => {
  const scanJob = async () => metadataOf(await controller.create(jobs(), jobNamed(ofScan())));
  const ownJob = async () => metadataOf(await tenant.create(jobs(), jobNamed()));

  it.each([
    ['that controls it', true],
    ['that does not control it', false],
  ])('makes no Job with a scan for owner %s', async (_, controls) => {
    refused(await tenant.create(jobs(), jobNamed(ofScan(controls))), NOT_OF_SCAN);
    refused(await tenant.create(pods(), podNamed(ofScan(controls))), NOT_OF_SCAN);
  });

  it('gives no Job of theirs to a scan', async () => {
    const { name } = await ownJob();
    refused(await tenant.patch(jobs(name), { metadata: ofScan() }), NOT_OF_SCAN);
    refused(await tenant.patch(jobs(name), { metadata: ofScan(false) }), NOT_OF_SCAN);
  });

  it('changes nothing of a Job of a scan', async () => {
    const { name } = await scanJob();
    const { metadata, ...whole } = (await admin.get(jobs(name))).body as { metadata: JsonObject; spec: JsonObject };
    const put = { ...whole, metadata: { ...metadata, resourceVersion: '' }, spec: { ...whole.spec, suspend: true } };
    const finished = { conditions: [{ type: 'FailureTarget', status: 'True' }] };
    refused(await tenant.patch(jobs(name), { metadata: { ownerReferences: null } }), NOT_OF_SCAN);
    refused(
      await tenant.patch(jobs(name), { metadata: { annotations: { [`${GROUP}/scan-generation`]: '9' } } }),
      NOT_OF_SCAN,
    );
    refused(await tenant.patch(jobs(name), { spec: { suspend: true } }), NOT_OF_SCAN);
    refused(await tenant.patch(`${jobs(name)}/status`, { status: finished }), NOT_OF_SCAN);
    refused(await tenant.send('PUT', jobs(name), { body: put }), NOT_OF_SCAN);
  });

  it('makes no pod that a Job would count as its own', async () => {
    const job = await scanJob();
    refused(await tenant.create(pods(), podNamed(ownedBy('batch/v1', 'Job', job))), NOT_OF_JOB);
    for (const label of [CONTROLLER_UID, 'controller-uid'])
      refused(await tenant.create(pods(), podNamed({ labels: { [label]: job.uid } })), NOT_OF_JOB);
  });

  it('makes no Job whose pods another Job would adopt', async () => {
    const { uid } = await scanJob();
    const labels = { [CONTROLLER_UID]: uid };
    const made = await tenant.create(jobs(), {
      ...jobNamed(),
      spec: {
        backoffLimit: 0,
        manualSelector: true,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, ...template },
      },
    });
    expect(made.message).toBe('');
    await eventually(async () => (await reasonsOf(metadataOf(made).name)).includes('FailedCreate'));
    expect(await podsOf({ uid })).toHaveLength(1);
  }, 30_000);

  it('gives no pod of theirs to a Job', async () => {
    const job = await scanJob();
    const { name } = metadataOf(await tenant.create(pods(), podNamed()));
    refused(await tenant.patch(pods(name), { metadata: ownedBy('batch/v1', 'Job', job) }), NOT_OF_JOB);
    refused(await tenant.patch(pods(name), { metadata: { labels: { [CONTROLLER_UID]: job.uid } } }), NOT_OF_JOB);
  });

  it('changes nothing of a pod of a Job', async () => {
    const [pod] = await podsOf(await scanJob());
    const path = pods(pod?.metadata.name);
    const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: 'debug' }] } };
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
    refused(await tenant.patch(`${path}/status`, ended), NOT_OF_JOB);
    refused(await tenant.patch(path, { spec: { containers: [{ name: 'scanner', image: 'other' }] } }), NOT_OF_JOB);
    refused(await tenant.patch(path, { metadata: { ownerReferences: null, labels: null } }), NOT_OF_JOB);
    refused(await tenant.send('PATCH', `${path}/ephemeralcontainers`, { body: debug, headers: strategic }), NOT_OF_JOB);
  });

  const coreEvent = (kind: string, name: string): JsonObject => ({
    metadata: { name: unique('event') },
    involvedObject: { apiVersion: kind === 'Job' ? 'batch/v1' : 'v1', kind, namespace, name },
    reason: 'Completed',
    message: 'Job completed',
    type: 'Normal',
    firstTimestamp: '2099-01-01T00:00:00Z',
  });
  const newEvent = (kind: string, name: string): JsonObject => ({
    metadata: { name: unique('event') },
    regarding: { apiVersion: kind === 'Job' ? 'batch/v1' : 'v1', kind, namespace, name },
    reason: 'Completed',
    action: 'Completed',
    note: 'Job completed',
    type: 'Normal',
    eventTime: '2099-01-01T00:00:00.000000Z',
    reportingController: 'job-controller',
    reportingInstance: 'job-controller',
  });

  it.each([
    ['v1', '', coreEvent],
    ['events.k8s.io/v1', 'events.k8s.io', newEvent],
  ] as const)('tells no Event about a Job in %s, but others', async (_, group, eventOf) => {
    const { name } = await scanJob();
    refused(await tenant.create(events(group), eventOf('Job', name)), NO_EVENT);
    const other = await tenant.create(events(group), eventOf('Pod', name));
    expect(other.message).toBe('');
    const about = { kind: 'Job', apiVersion: 'batch/v1' };
    refused(await tenant.patch(events('', metadataOf(other).name), { involvedObject: about }), NO_EVENT);
  });

  it('changes no Event about a Job', async () => {
    const job = await scanJob();
    const selector = encodeURIComponent(`involvedObject.kind=Job,involvedObject.name=${job.name}`);
    await eventually(async () => (await reasonsOf(job.name)).length > 0);
    const { items } = (await admin.get(`${events('')}?fieldSelector=${selector}`)).body as {
      items: { metadata: { name: string } }[];
    };
    const name = String(items[0]?.metadata.name);
    refused(await tenant.patch(events('', name), { reason: 'Completed' }), NO_EVENT);
    refused(await tenant.patch(events('events.k8s.io', name), { metadata: { labels: { a: 'b' } } }), NO_EVENT);
  });

  it('runs Jobs and pods of their own as ever', async () => {
    const job = await ownJob();
    expect((await tenant.patch(jobs(job.name), { metadata: { labels: { a: 'b' } } })).message).toBe('');
    const [made] = await podsOf(job);
    expect((await kubelet.patch(`${pods(made?.metadata.name)}/status`, ended)).message).toBe('');
    await eventually(async () => (await reasonsOf(job.name)).includes('Completed'));
    expect((await tenant.send('DELETE', jobs(job.name))).code).toBe(200);
    const pod = metadataOf(await tenant.create(pods(), podNamed({ labels: { app: 'shop' } })));
    expect((await tenant.patch(pods(pod.name), { metadata: { labels: { a: 'b' } } })).message).toBe('');
    expect((await tenant.patch(`${pods(pod.name)}/status`, ended)).message).toBe('');
    expect((await tenant.send('DELETE', pods(pod.name))).code).toBe(200);
  }, 30_000);

  it('deletes a Job of a scan, which then did not succeed', async () => {
    expect((await tenant.send('DELETE', jobs((await scanJob()).name))).code).toBe(200);
  });
});

describe('the administrator', () => {
  it('is no scan controller either', async () => {
    refused(await admin.create(jobs(), jobNamed(ofScan())), NOT_OF_SCAN);
  });
});

describe('a namespace without the label', () => {
  it('is left alone', async () => {
    const there = await newNamespace(admin, 'unlabelled');
    const { code } = await admin.create(`/apis/batch/v1/namespaces/${there}/jobs`, jobNamed(ofScan()));
    expect(code).toBe(201);
  });
});

describe('the accounts that are trusted', () => {
  const accounts = '/api/v1/namespaces/scan-status/configmaps/scan-controller';
  const dryRun = () => admin.create(`${jobs()}?dryRun=All`, jobNamed(ofScan()));

  it('are those that the ConfigMap names, one a line', async () => {
    const { data } = (await admin.get(accounts)).body as { data: { scanController: string } };
    await admin.patch(accounts, { data: { scanController: `${data.scanController}  admin\n` } });
    await eventually(async () => (await dryRun()).code === 201);
    await admin.patch(accounts, { data });
    await eventually(async () => (await dryRun()).code === 403);
  });

  it('are nobody while there is no ConfigMap, so that nothing gets by', async () => {
    await admin.send('DELETE', accounts);
    const create = () => tenant.create(`${jobs()}?dryRun=All`, jobNamed());
    await eventually(async () => (await create()).code === 422);
    expect((await create()).message).toContain('no params found');
    await install('admission/tenants');
    await eventually(async () => (await create()).code === 201);
  });
});
