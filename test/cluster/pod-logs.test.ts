/** Logs of real Jobs' pods, through the real API server, as the account of evaluate-policy. */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { kubernetesPodLogs, LogTooLong, type PodLog } from '../../shared/scans/pod-logs.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { type Kubelet, kubelets } from './support/kubelet.ts';
import { realConnections } from './support/real-connections.ts';
import { bindPod, endPod, newJob, podOf, type ScanJob, SUCCEEDED } from './support/scan-jobs.ts';
import { eventually, install, newNamespace, newScan, tokenOf } from './support/scans.ts';

jest.setTimeout(60_000);

const MAXIMUM = 64 * 2 ** 20;
const admin = apiOf(cluster());
const startKubelet = kubelets();
const open = realConnections();
let namespace = '';
let token = '';

beforeAll(async () => {
  namespace = await newNamespace(admin, 'logs');
  await install('rbac/accounts');
  await install('rbac/namespace/pod-logs', '-n', namespace);
  token = await tokenOf('evaluate-policy', 'scan-status');
  const account = apiOf(cluster(), { token });
  await eventually(async () => (await account.get(`/api/v1/namespaces/${namespace}/pods`)).code === 200);
});

const pods = () => `/api/v1/namespaces/${namespace}/pods`;

interface Scene {
  readonly job: ScanJob;
  readonly pod: string;
  readonly kubelet: Kubelet;
}

/** A Job whose pod succeeded on a node with this log. */
const sceneOf = async (log?: Uint8Array | { readonly status: number; readonly text: string }): Promise<Scene> => {
  const kubelet = await startKubelet(admin);
  const job = await newJob(admin, await newScan(admin, namespace));
  const pod = await podOf(admin, job);
  await bindPod(admin, job, pod, kubelet.node);
  await endPod(admin, job, SUCCEEDED);
  if (log !== undefined) kubelet.logs.set(`${pod}/scanner`, log);
  return { job, pod, kubelet };
};

const read = ({ job }: Pick<Scene, 'job'>, container = 'scanner', maximum = MAXIMUM): Promise<PodLog | undefined> =>
  kubernetesPodLogs(open({ ...cluster(), token })).read(namespace, job.uid, container, maximum);

describe('a log', () => {
  it('comes whole, byte for byte', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"bomFormat":"CycloneDX","é":"🦀"}\r\n'),
      Buffer.from([0, 0xff, 0xc3, 0x28]),
    ]);
    expect(await read(await sceneOf(bytes))).toEqual({ bytes, mayBeCut: false });
  });

  it('of 60 MiB comes whole, and one of 11 MiB may be cut', async () => {
    const scene = await sceneOf(Buffer.alloc(60 * 2 ** 20, 'x'));
    expect((await read(scene))?.bytes.length).toBe(60 * 2 ** 20);
    scene.kubelet.logs.set(`${scene.pod}/scanner`, Buffer.alloc(11 * 2 ** 20, 'x'));
    expect(await read(scene)).toMatchObject({ mayBeCut: true });
  });

  it('that is too long is an error, and not read to its end', async () => {
    const scene = await sceneOf(Buffer.alloc(1_000_001, 'x'));
    const reading = read(scene, 'scanner', 1_000_000);
    await expect(reading).rejects.toThrow(LogTooLong);
    await expect(reading).rejects.toThrow('the log of container scanner is longer than 1000000 bytes');
  });

  it('of another controller is never read, whatever label its pod carries', async () => {
    const scene = await sceneOf(Buffer.from('true'));
    const forged = async (owner?: JsonObject): Promise<string> => {
      const { code, body, message } = await admin.create(pods(), {
        metadata: {
          generateName: 'zz-forged-',
          labels: { 'batch.kubernetes.io/controller-uid': scene.job.uid },
          ...(owner && { ownerReferences: [owner] }),
        },
        spec: { containers: [{ name: 'scanner', image: 'forger' }], nodeName: scene.kubelet.node },
      });
      if (code !== 201 || !isJsonObject(body.metadata)) throw new Error(message);
      const name = String(body.metadata.name);
      scene.kubelet.logs.set(`${name}/scanner`, Buffer.from('forged'));
      const finishedAt = new Date(Date.now() + 60_000).toISOString();
      const state = { terminated: { exitCode: 0, startedAt: finishedAt, finishedAt } };
      const status = { image: 'forger', imageID: '', ready: false, restartCount: 0 };
      const ended = { phase: 'Succeeded', containerStatuses: [{ name: 'scanner', ...status, state }] };
      expect((await admin.patch(`${pods()}/${name}/status`, { status: ended })).message).toBe('');
      return name;
    };
    const { job } = scene;
    const reference = { apiVersion: 'batch/v1', kind: 'Job', name: job.name };
    await forged();
    await forged({ ...reference, uid: job.uid, controller: false });
    await forged({ ...reference, uid: scene.kubelet.node, controller: true });
    expect(Buffer.from((await read(scene))?.bytes ?? []).toString()).toBe('true');
    expect(scene.kubelet.asked).toEqual([`${scene.pod}/scanner`]);
  });
});

describe('there is no log', () => {
  it('of a container that the pod does not have', async () => {
    const scene = await sceneOf(Buffer.from('true'));
    expect(await read(scene, 'summary')).toBeUndefined();
    expect(scene.kubelet.asked).toEqual([]);
  });

  it('of a pod that has not succeeded yet', async () => {
    expect(await read({ job: await newJob(admin, await newScan(admin, namespace)) })).toBeUndefined();
  });

  it.each([
    ['knows no such container', { status: 400, text: 'container "scanner" is not available' }],
    ['does not know the pod', { status: 404, text: 'pod does not exist' }],
    ['has lost it', { status: 200, text: 'unable to retrieve container logs for containerd://5f0a' }],
  ])('where the kubelet %s', async (_, answer) => {
    const scene = await sceneOf(answer);
    expect(await read(scene)).toBeUndefined();
    expect(scene.kubelet.asked).toEqual([`${scene.pod}/scanner`]);
  });

  it('where the node is gone', async () => {
    const scene = await sceneOf(Buffer.from('true'));
    expect((await admin.send('DELETE', `/api/v1/nodes/${scene.kubelet.node}`)).code).toBe(200);
    expect(await read(scene)).toBeUndefined();
  });
});

describe('the event waits', () => {
  it('where the kubelet does not answer, or fails', async () => {
    const scene = await sceneOf({ status: 500, text: 'out of order' });
    await expect(read(scene)).rejects.toMatchObject({ name: 'Unavailable', message: 'the API server answered 500' });
    await scene.kubelet.stop();
    await expect(read(scene)).rejects.toMatchObject({ name: 'Unavailable' });
  });
});
