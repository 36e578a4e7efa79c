/** Scans that policies judge, on the real cluster: the policies, the reports, and Jobs whose pods left one in their log. */
import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../../../shared/conditions/canonical.ts';
import type { ScanRef } from '../../../shared/conditions/facts.ts';
import { isJsonObject, type JsonObject } from '../../../shared/conditions/status.ts';
import { APISERVER_UPDATED, REPORT_READY } from '../../../shared/events/types.ts';
import { cluster } from './access.ts';
import type { Api } from './api.ts';
import { kubectlText } from './cluster.ts';
import type { Kubelet } from './kubelet.ts';
import { bindPod, endPod, newJob, podOf, type ScanJob, SUCCEEDED } from './scan-jobs.ts';
import { GROUP } from './scans.ts';

export const CRITICAL = 'CVE-2026-0001';

/** A policy in Rego that denies whatever is critical or high, but for these IDs. */
export const denying = (...spared: readonly string[]): string => `package scan

violations contains {"id": found.id} if {
	some found in input.vulnerabilities
	found.severity in {"CRITICAL", "HIGH"}
	not found.id in ${JSON.stringify(spared)}
}
`;

/**
 * A policy in Rego that denies one vulnerability after many steps, none of which takes memory: with 7 lists about a second,
 * with 12 for ever. Of other vulnerabilities it thinks nothing.
 */
export const laborious = (lists: number): string => {
  const names = Array.from({ length: lists }, (_, at) => `at_${at}`);
  const last = names.at(-1);
  return `package scan

numbers_of_a_list := [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

never if {
${names.map((name) => `\tsome ${name} in numbers_of_a_list`).join('\n')}
	at_0 > ${last}
	${last} > at_0
}

violations contains {"id": found.id} if {
	some found in input.vulnerabilities
	found.id == "${CRITICAL}"
	not never
}
`;
};

/** A report in CycloneDX that tells of these vulnerabilities, each with its severity. */
export const reportOf = (severities: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    metadata: { tools: [{ vendor: 'Example', name: 'finder', version: '1.2.3' }] },
    vulnerabilities: Object.entries(severities).map(([id, severity]) => ({ id, ratings: [{ severity }] })),
  });

export const BAD = reportOf({ [CRITICAL]: 'critical', 'CVE-2026-0002': 'low' });
export const GOOD = reportOf({ 'CVE-2026-0002': 'low' });

/** The policy that scans name unless their spec says otherwise. */
const NAME = 'policy';

/** Applies a ScanPolicy, as people do, and answers it as it stands. */
export const applyPolicy = async (namespace: string, regoFile: string, name = NAME): Promise<JsonObject> => {
  const policy = { apiVersion: `${GROUP}/v1beta1`, kind: 'ScanPolicy', metadata: { name }, spec: { regoFile } };
  const args = ['apply', '-n', namespace, '-o', 'json', '-f', '-'];
  return JSON.parse(await kubectlText(cluster(), args, { input: JSON.stringify(policy) }));
};

export const policyPath = (namespace: string, name = NAME): string =>
  `/apis/${GROUP}/v1beta1/namespaces/${namespace}/scanpolicies/${name}`;

/** What ApiServerSource sends of an object; its `id` is random. */
export const objectEvent = (object: JsonObject): JsonObject => ({
  specversion: '1.0',
  id: randomUUID(),
  source: cluster().url,
  type: APISERVER_UPDATED,
  data: object,
});

/** Asks for the report on a run to be judged. */
export const reportReady = (
  scan: ScanRef,
  report: JsonObject,
  { run = 'run-1', at = '2026-11-23T00:00:09Z' }: { readonly run?: string; readonly at?: string } = {},
): JsonObject => ({
  specversion: '1.0',
  id: `${run}-ready-${at}`,
  source: '/tests',
  type: REPORT_READY,
  data: { scan, run: { uid: run }, requestedAt: at, report },
});

/** The scan at a path, as events name it. */
export const refOf = async (admin: Api, path: string): Promise<ScanRef> => {
  const { kind, metadata } = (await admin.get(path)).body as unknown as { kind: string; metadata: ScanRef };
  const { namespace, name, uid } = metadata;
  return { kind, namespace, name, uid };
};

/** A scan's status, as the server has it. */
export const statusOf = async (admin: Api, path: string): Promise<JsonObject> => {
  const { status } = (await admin.get(path)).body;
  return isJsonObject(status) ? status : {};
};

/** All that a write would change: the status byte for byte, and the version of the object. */
export const bytesOf = async (admin: Api, path: string): Promise<string> => {
  const { status, metadata } = (await admin.get(path)).body;
  return canonicalJson({ status, version: (metadata as JsonObject).resourceVersion });
};

interface Reported {
  readonly job: ScanJob;
  readonly pod: string;
}

/** A Job of the scan whose pod succeeded on the kubelet's node, and left this in the log of its scanner. */
export const reportingJob = async (
  admin: Api,
  kubelet: Kubelet,
  scan: string,
  log: string | Uint8Array,
): Promise<Reported> => {
  const job = await newJob(admin, scan);
  const pod = await podOf(admin, job);
  await bindPod(admin, job, pod, kubelet.node);
  kubelet.logs.set(`${pod}/scanner`, Buffer.from(log));
  await endPod(admin, job, SUCCEEDED);
  return { job, pod };
};
