/** The functions' accounts on the real cluster, with the tokens that their pods get. */
import type { JsonObject } from '../../../shared/conditions/status.ts';
import { cluster } from './access.ts';
import { type Api, apiOf } from './api.ts';
import { complete } from './runs.ts';
import { eventually, GROUP, install, newScan, projected, scansPath, tokenOf } from './scans.ts';

/** The functions that keep the status of scans. */
export const FUNCTIONS = ['job-started', 'job-finished', 'policy-evaluated'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** The functions of policies, which write nothing into a scan. */
export const POLICY_FUNCTIONS = ['evaluate-policy', 'compile-policy'] as const;
export type AccountName = FunctionName | (typeof POLICY_FUNCTIONS)[number];

/** The namespace of the accounts. */
export const ACCOUNTS_NAMESPACE = 'scan-status';

/** The function as the API server knows it; `headers` go with each of its requests. */
export const functionApi = async (name: AccountName, headers: Readonly<Record<string, string>> = {}): Promise<Api> =>
  apiOf(cluster(), { token: await tokenOf(name, ACCOUNTS_NAMESPACE), headers });

/** An account in a namespace that may do there what these rules say, as its own pods see the API server. */
export const newAccount = async (
  admin: Api,
  namespace: string,
  name: string,
  rules: readonly JsonObject[],
): Promise<Api> => {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  await admin.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
  await admin.create(`${rbac}/roles`, { metadata: { name }, rules });
  await admin.create(`${rbac}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  return apiOf(cluster(), { token: await tokenOf(name, namespace) });
};

/** Another controller, which writes its own condition and fields into the status of the namespace's scans. */
export const resultsSender = (admin: Api, namespace: string): Promise<Api> => {
  const resources = ['imagescans', 'imagescans/status'];
  const rules = [{ apiGroups: [GROUP], resources, verbs: ['get', 'patch', 'update'] }];
  return newAccount(admin, namespace, 'results-sender', rules);
};

/** Installs all that guards the facts, lets the functions into the namespace, and waits until it is in force. */
export const installFunctions = async (admin: Api, namespace: string): Promise<void> => {
  for (const part of ['crds', 'rbac/accounts', 'admission/facts']) await install(part);
  await install('rbac/namespace', '-n', namespace);
  for (const kind of ['ImageScan', 'SourceScan'] as const)
    await eventually(async () => (await admin.get(scansPath(kind, namespace))).code === 200);
  const scan = await newScan(admin, namespace);
  for (const name of FUNCTIONS) {
    const api = await functionApi(name);
    await eventually(async () => (await api.get(scan)).code === 200);
  }
  const started = await functionApi('job-started');
  const forged = { status: await projected(admin, scan, [complete]) };
  await eventually(async () => {
    const { message } = await started.patch(`${scan}/status?dryRun=All`, forged);
    return message.includes("'scan-facts'");
  });
};
