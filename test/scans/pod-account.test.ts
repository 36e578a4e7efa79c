/** The account of a pod: files that Kubernetes mounts and rewrites, and where the environment says the server is. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { podAccount } from '../../shared/scans/pod-account.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { errorOf } from '../support/error-of.ts';

const SERVICE = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

const all = temporaryFolder();

const BOTH = { token: 'one\n', 'ca.crt': 'PEM\n' };

/** A folder as Kubernetes mounts it. */
const mounted = (files: Readonly<Record<string, string>> = BOTH): string => {
  const folder = mkdtempSync(join(all, 'pod-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};

it('is whoever the token says, at the server of the cluster, whose authority is the one that is mounted', async () => {
  expect(await podAccount(SERVICE, mounted()).credentials()).toEqual({
    origin: 'https://10.96.0.1',
    prefix: '',
    headers: { authorization: 'Bearer one' },
    tls: { ca: 'PEM' },
  });
});

it('is read anew each time: Kubernetes writes a new token before the old one ends', async () => {
  const folder = mounted();
  const account = podAccount(SERVICE, folder);
  await account.credentials();
  writeFileSync(join(folder, 'token'), 'two');
  expect((await account.credentials()).headers).toEqual({ authorization: 'Bearer two' });
});

it.each([
  ['an address of IPv6', 'fd00::1', '6443', 'https://[fd00::1]:6443'],
  ['a name', 'kubernetes.default.svc', '443', 'https://kubernetes.default.svc'],
])('finds the server at %s', async (_, host, port, origin) => {
  const environment = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port };
  expect(await podAccount(environment, mounted()).credentials()).toMatchObject({ origin });
});

it.each([
  ['no token', 'there is none, and this is no pod of a cluster', SERVICE, { 'ca.crt': 'PEM' }],
  ['no authority', 'there is none, and this is no pod of a cluster', SERVICE, { token: 'one' }],
  ['no server', 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name no server', {}, BOTH],
  [
    'a server that is none',
    'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name no server',
    { ...SERVICE, KUBERNETES_SERVICE_PORT: 'tcp://10.96.0.1:443' },
    BOTH,
  ],
])('cannot be used where there is %s', async (_, problem, environment, files) => {
  expect(await errorOf(podAccount({ ...environment }, mounted(files)).credentials())).toMatchObject({
    message: problem,
  });
});
