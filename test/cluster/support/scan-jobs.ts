/** Scans' Jobs, which the real Job controller runs; their pods, which no kubelet runs, are ended by hand. */
import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../../shared/conditions/status.ts';
import type { Api } from './api.ts';
import { eventually, GROUP } from './scans.ts';

export interface ScanJob {
  readonly path: string;
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
}

type Made = { readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string } };

/** Milliseconds for a pod: the Job controller waits for ten seconds before it replaces one that has failed. */
const POD_WITHIN = 60_000;

/** Creates a Job as the scan's controller does: owned by the scan, with the generation that it was made for. */
export const newJob = async (admin: Api, scanPath: string, spec: JsonObject = {}): Promise<ScanJob> => {
  const { apiVersion, kind, metadata } = (await admin.get(scanPath)).body as unknown as Made & {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly generation: number };
  };
  const { name, namespace, uid } = metadata;
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const { code, body, message } = await admin.create(jobs, {
    metadata: {
      name: `scan-${name}-${randomUUID().slice(0, 5)}`,
      labels: { 'app.kubernetes.io/managed-by': 'scan-controller' },
      annotations: { [`${GROUP}/scan-generation`]: String(metadata.generation) },
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      backoffLimit: 0,
      template: {
        spec: { restartPolicy: 'Never', containers: [{ name: 'scanner', image: 'registry.example.com/scanner:1' }] },
      },
      ...spec,
    },
  });
  if (code !== 201) throw new Error(message);
  const made = (body as unknown as Made).metadata;
  return { path: `${jobs}/${made.name}`, name: made.name, uid: made.uid, namespace };
};

/** The name of the Job's pod, once the Job controller has made it. */
export const podOf = async (admin: Api, { namespace, uid }: ScanJob): Promise<string> => {
  let name: unknown;
  await eventually(async () => {
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    const { body } = await admin.get(`${pods}?labelSelector=batch.kubernetes.io/controller-uid=${uid}`);
    const [pod] = body.items as readonly Made[];
    name = pod?.metadata.name;
    return name !== undefined;
  });
  return String(name);
};

/** Puts a pod onto a node, as the scheduler does. */
export const bindPod = async (
  admin: Api,
  { namespace }: Pick<ScanJob, 'namespace'>,
  pod: string,
  node: string,
): Promise<void> => {
  const target = { kind: 'Node', name: node };
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/binding`;
  const { code, message } = await admin.create(path, { metadata: { name: pod }, target });
  if (code !== 201) throw new Error(message);
};

/** How a pod's container ended. */
export interface End {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
}

export const SUCCEEDED: End = { exitCode: 0, reason: 'Completed' };

const isRunning = (pod: JsonObject): boolean =>
  isJsonObject(pod.status) && pod.status.phase !== 'Failed' && pod.status.phase !== 'Succeeded';

/** Ends the Job's pod, once the Job controller has made one that runs. */
export const endPod = async (admin: Api, { namespace, uid }: ScanJob, end: End): Promise<void> => {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  let running: JsonObject | undefined;
  await eventually(async () => {
    const { body } = await admin.get(`${pods}?labelSelector=batch.kubernetes.io/controller-uid=${uid}`);
    running = (body.items as readonly JsonObject[]).find(isRunning);
    return running !== undefined;
  }, POD_WITHIN);
  const { name } = (running as unknown as Made).metadata;
  const now = new Date().toISOString();
  const ended = { name: 'scanner', image: 'scanner', imageID: '', ready: false, restartCount: 0 };
  const { code, message } = await admin.patch(`${pods}/${name}/status`, {
    status: {
      phase: end.exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ ...ended, state: { terminated: { ...end, startedAt: now, finishedAt: now } } }],
    },
  });
  if (code !== 200) throw new Error(message);
};
