/**
 * The account of the pod that we run in, from the files that Kubernetes keeps up to date in it.
 *
 * The client library knows it as well, but brings along for it what kubeconfigs ask for: half of a function's cold start.
 *
 * @see https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
 */
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { isNativeError } from 'node:util/types';
import type { Account } from './account.ts';
import type { ProgramEnvironment } from './exec-credentials.ts';

const MOUNTED = '/var/run/secrets/kubernetes.io/serviceaccount';

const isMissing = (error: unknown): boolean => isNativeError(error) && 'code' in error && error.code === 'ENOENT';

/** At once: two small files in memory, where to load what reads without waiting would take longer than the wait. */
const read = (folder: string, file: string): string => {
  try {
    return readFileSync(join(folder, file), 'utf8').trim();
  } catch (cause) {
    const problem = isMissing(cause) ? 'there is none, and this is no pod of a cluster' : `its ${file} cannot be read`;
    throw new Error(problem, { cause });
  }
};

const originOf = ({
  KUBERNETES_SERVICE_HOST: host = '',
  KUBERNETES_SERVICE_PORT: port = '443',
}: ProgramEnvironment) => {
  const url = URL.parse(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`);
  if (host === '' || url === null)
    throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name no server');
  return url.origin;
};

/** @param folder where the token and the cluster's certificate authority are */
export const podAccount = (environment: ProgramEnvironment, folder = MOUNTED): Account => ({
  subject: 'the kubeconfig',
  remedy: 'set KUBECONFIG to a kubeconfig that works',
  hint: '',
  credentials: async () => {
    const [token, ca] = [read(folder, 'token'), read(folder, 'ca.crt')];
    return { origin: originOf(environment), prefix: '', headers: { authorization: `Bearer ${token}` }, tls: { ca } };
  },
  // Nothing is kept.
  forget: () => undefined,
});
