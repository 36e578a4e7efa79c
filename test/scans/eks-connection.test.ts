/** The whole way to an EKS cluster without a kubeconfig: settings, AWS, token, TLS, scans read and written. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type OpenStore, openStore } from '../../shared/runtime/open-store.ts';
import { applyFacts } from '../../shared/scans/apply.ts';
import { type ApiServer, type ApiServerSettings, type Asked, apiServers } from '../support/api-server.ts';
import { createAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { movableClock } from '../support/clock.ts';
import { problemOfToken, tokenOf } from '../support/eks-identity.ts';
import { awsError, awsServers, describedCluster } from '../support/eks-services.ts';
import { urlIn } from '../support/eks-tokens.ts';
import { errorOf } from '../support/error-of.ts';
import { finishedFact, startedFact } from '../support/job-facts.ts';
import { putScans, statusOf } from '../support/kubernetes-stores.ts';
import { awsEnvironment } from '../support/s3-server.ts';
import { scanNamed } from '../support/store-contract.ts';

const serveApi = apiServers();
const serveAws = awsServers();
const environment = awsEnvironment();
const moveClock = movableClock();
const folder = temporaryFolder();
const scan = scanNamed('one');

const opened: OpenStore[] = [];
afterEach(() => {
  for (const { store } of opened.splice(0)) store.close();
});

/** Keys as AWS gives them to a role, by number. */
const keysOf = (number: number) => ({
  AWS_ACCESS_KEY_ID: `ASIDEXAMPLE${number}`,
  AWS_SECRET_ACCESS_KEY: `secret/${number}+=`,
  AWS_SESSION_TOKEN: `IQoJb3JpZ2luX2VjE/+${number}==`,
});

/** Why a token is not one of these keys, for the cluster `prod`. */
const problemOf = (asked: Asked, number: number): string | undefined => {
  const keys = keysOf(number);
  return problemOfToken(tokenOf(asked), {
    cluster: 'prod',
    region: 'eu-central-1',
    host: 'sts.eu-central-1.amazonaws.com',
    credentials: {
      accessKeyId: keys.AWS_ACCESS_KEY_ID,
      secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
      sessionToken: keys.AWS_SESSION_TOKEN,
    },
    now: Date.now(),
  });
};

/** A cluster with a scan, which believes the tokens of these keys; the settings lead there by what AWS says. */
const openCluster = async (believed: { keys: number }, settings: ApiServerSettings = {}) => {
  const api = await serveApi({
    tls: true,
    knows: (asked) => problemOf(asked, believed.keys) === undefined,
    ...settings,
  });
  putScans(api, scan);
  const aws = await serveAws(describedCluster(api.url, api.ca));
  const broken = join(folder, 'broken-kubeconfig');
  writeFileSync(broken, 'this is no kubeconfig');
  environment({
    SCAN_STORE: 'kubernetes',
    EKS_CLUSTER_NAME: 'prod',
    KUBECONFIG: broken,
    AWS_ENDPOINT_URL_EKS: aws.url,
    ...keysOf(1),
  });
  const open = await openStore();
  opened.push(open);
  return { api, aws, store: open.store, name: open.name };
};

const keyIn = (asked: Asked): string => /Credential=(\w+)/.exec(urlIn(tokenOf(asked)))?.[1] ?? '';
const since = ({ asked }: ApiServer, before: number): readonly string[] => asked.slice(before).map(keyIn);

describe('a store in an EKS cluster', () => {
  it('takes facts, by a token that the cluster believes, and no kubeconfig is read', async () => {
    const { api, aws, store, name } = await openCluster({ keys: 1 });
    expect(name).toBe('the EKS cluster prod');
    await store.ready();
    const [applied] = await applyFacts(store, [startedFact(scan, 'run', 1)]);
    expect(applied?.outcome).toBe('applied');
    expect(statusOf(api, scan)).toMatchObject({ conditions: [{ type: 'Scanning', status: 'True' }] });
    expect(api.asked.map((asked) => problemOf(asked, 1))).not.toContainEqual(expect.anything());
    expect(new Set(api.asked.map(tokenOf)).size).toBe(1);
    expect(aws.asked).toHaveLength(1);
  });

  it('is reached where the settings say, and AWS is not asked', async () => {
    const { api, aws } = await openCluster({ keys: 1 });
    environment({ ...keysOf(1), EKS_ENDPOINT: api.url, EKS_CA: btoa(api.ca) });
    const open = await openStore();
    opened.push(open);
    expect(await open.store.find(scan)).toHaveLength(1);
    expect(aws.asked).toHaveLength(0);
  });

  it('is asked with a new token before the old one ends, over the connection that is there', async () => {
    const { api, aws, store } = await openCluster({ keys: 1 }, { knows: () => true });
    await store.find(scan);
    environment(keysOf(2));
    moveClock(11 * 60_000);
    await store.find(scan);
    const before = api.asked.length;
    moveClock(61_000);
    await Promise.all(Array.from({ length: 10 }, () => store.find(scan)));
    expect(since(api, 0).slice(0, before)).not.toContain('ASIDEXAMPLE2');
    expect(new Set(since(api, before))).toEqual(new Set(['ASIDEXAMPLE2']));
    expect(new Set(api.asked.slice(before).map(tokenOf)).size).toBe(1);
    expect(aws.asked).toHaveLength(1);
  });

  it('is asked again with a new token, one for all, where it no longer believes the old one', async () => {
    const believed = { keys: 1 };
    const { api, aws, store } = await openCluster(believed);
    await store.find(scan);
    environment(keysOf(2));
    believed.keys = 2;
    moveClock(1_100);
    const before = api.asked.length;
    await Promise.all(Array.from({ length: 10 }, () => store.find(scan)));
    const by = since(api, before);
    expect(by.filter((key) => key === 'ASIDEXAMPLE1')).toHaveLength(10);
    expect(by.filter((key) => key === 'ASIDEXAMPLE2')).toHaveLength(10);
    expect(new Set(api.asked.slice(before).map(tokenOf)).size).toBe(2);
    const [applied] = await applyFacts(store, [finishedFact(scan, 'run', 2)]);
    expect(applied?.outcome).toBe('applied');
    // The server has answered, and is who AWS says it is: there is no need to ask where it is.
    expect(aws.asked).toHaveLength(1);
  });

  it('is asked again once, and no oftener, where it never believes us', async () => {
    const { api, store } = await openCluster({ keys: 2 });
    await errorOf(store.find(scan));
    moveClock(1_100);
    const before = api.asked.length;
    expect(String(await errorOf(store.find(scan)))).toMatch(/^Unavailable: [^\n]*does not know this account/);
    expect(api.asked.length - before).toBe(2);
    await errorOf(store.find(scan));
    expect(api.asked.length - before).toBe(3);
  });

  it('is looked for anew where it is no longer there', async () => {
    const { api, aws, store } = await openCluster({ keys: 1 });
    await store.find(scan);
    await api.stop();
    const moved = await serveApi({ tls: true });
    putScans(moved, scan);
    aws.answer(describedCluster(moved.url, moved.ca));
    moveClock(10_100);
    expect(await store.find(scan)).toHaveLength(1);
    expect(aws.asked).toHaveLength(2);
  });

  it('is not sent a token where somebody else vouches for it', async () => {
    const { api, aws, store } = await openCluster({ keys: 1 });
    aws.answer(describedCluster(api.url, createAuthority('other').cert));
    expect(String(await errorOf(store.find(scan)))).toMatch(
      /^Unavailable: https:\/\/127\.0\.0\.1:\d+ cannot be reached \([^\n]*(?:SIGNED|UNABLE_TO)[^\n]*\); look at whether the EKS cluster prod can be reached from here$/,
    );
    expect(api.asked).toHaveLength(0);
  });

  it('is unavailable, said in one line, while AWS does not say where it is', async () => {
    const { aws, store } = await openCluster({ keys: 1 });
    aws.answer(awsError(403, 'AccessDeniedException'));
    expect(String(await errorOf(store.find(scan)))).toBe(
      `Unavailable: the EKS cluster prod cannot be used (eks:DescribeCluster at ${aws.url} answers 403 AccessDeniedException); look at EKS_CLUSTER_NAME, AWS_REGION and the rights of our role`,
    );
    aws.answer({ cluster: {} });
    expect(String(await errorOf(store.ready()))).toMatch(/^Unavailable: the EKS cluster prod cannot be used \(/);
  });
});
