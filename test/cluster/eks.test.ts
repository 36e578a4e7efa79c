/** An EKS cluster as AWS has it: tokens against botocore, DescribeCluster against moto, scans on a real server. */
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { openStore } from '../../shared/runtime/open-store.ts';
import { applyFacts } from '../../shared/scans/apply.ts';
import { awsUrl } from '../../shared/scans/aws-endpoints.ts';
import { signedHeaders } from '../../shared/scans/aws-signature.ts';
import { eksToken } from '../../shared/scans/eks-token.ts';
import { problemOfToken } from '../support/eks-identity.ts';
import {
  credentialsOf,
  partsOf,
  placeOf,
  TOKEN_PROGRAM,
  type TokenAnswer,
  type TokenCase,
} from '../support/eks-tokens.ts';
import { errorOf } from '../support/error-of.ts';
import { finishedFact, startedFact } from '../support/job-facts.ts';
import { awsEnvironment } from '../support/s3-server.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { startEksFront } from './support/eks-front.ts';
import { pythonOfMoto, startEks } from './support/eks-moto.ts';
import { refOf } from './support/judged-scans.ts';
import { newNamespace, newScan } from './support/scans.ts';

jest.setTimeout(90_000);

const python = await pythonOfMoto();
const describeWithMoto = python === undefined ? describe.skip : describe;

const REGIONS = ['eu-central-1', 'us-east-1', 'ap-southeast-2', 'cn-north-1', 'us-gov-west-1', 'me-central-1'];
const ODD = '+/=!\'()*~:@&?#%$,;[]{}|\\^`"<>-._';

const randomText = (): string =>
  randomBytes(randomInt(10, 600)).toString('base64') + [...ODD].filter(() => randomInt(2) === 1).join('');

const randomCase = (): TokenCase => ({
  cluster: `c${randomBytes(randomInt(1, 60)).toString('base64url')}`.slice(0, 100),
  region: REGIONS[randomInt(REGIONS.length)] ?? '',
  accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
  secretAccessKey: randomBytes(30).toString('base64'),
  ...(randomInt(4) > 0 && { sessionToken: randomText() }),
  date: new Date(randomInt(1_500_000_000, 2_000_000_000) * 1_000).toISOString().replace('.000', ''),
  isFips: randomInt(2) === 1,
});

const botocore = (cases: readonly TokenCase[]): readonly TokenAnswer[] => {
  const { status, stdout, stderr } = spawnSync(python ?? '', [TOKEN_PROGRAM], {
    input: JSON.stringify(cases),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`botocore does not answer:\n${stderr}`);
  return JSON.parse(stdout);
};

describeWithMoto('what is signed for AWS', () => {
  it('is what botocore signs, for anybody, anywhere, at any time', async () => {
    const answers = botocore(Array.from({ length: 25 }, randomCase));
    expect(answers).toHaveLength(25);
    for (const answer of answers) {
      const [credentials, date, place] = [credentialsOf(answer), new Date(answer.date), placeOf(answer)];
      const token = await eksToken(answer.cluster, place, credentials, date);
      expect(partsOf(token)).toEqual(partsOf(answer.token));
      const url = new URL(`clusters/${answer.cluster}`, awsUrl('eks', place));
      const signed = await signedHeaders(url, { service: 'eks', region: answer.region, credentials, date });
      expect([url.href, signed.authorization]).toEqual([answer.describe.url, answer.describe.authorization]);
    }
  });
});

describeWithMoto('an EKS cluster', () => {
  const admin = apiOf(cluster());
  const environment = awsEnvironment();
  const KEYS = {
    AWS_ACCESS_KEY_ID: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    AWS_SECRET_ACCESS_KEY: randomBytes(30).toString('base64'),
    AWS_SESSION_TOKEN: randomText(),
  };
  const credentials = {
    accessKeyId: KEYS.AWS_ACCESS_KEY_ID,
    secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
    sessionToken: KEYS.AWS_SESSION_TOKEN,
  };

  it('is found by its name, believes our token, and keeps what facts tell', async () => {
    const [name, region] = ['team_a-1', 'eu-central-1'];
    const host = `sts.${region}.amazonaws.com`;
    const front = await startEksFront(cluster(), (shown) =>
      problemOfToken(shown, { cluster: name, region, host, credentials, now: Date.now() }),
    );
    const aws = await startEks(python ?? '', { name, region, endpoint: front.url, ca: cluster().ca });
    environment({ SCAN_STORE: 'kubernetes', EKS_CLUSTER_NAME: name, AWS_ENDPOINT_URL_EKS: aws.url, ...KEYS });
    const path = await newScan(admin, await newNamespace(admin, 'eks'));
    const scan = await refOf(admin, path);
    const { store } = await openStore();
    try {
      await store.ready();
      for (const fact of [finishedFact(scan, 'run', 2), startedFact(scan, 'run', 1)])
        expect((await applyFacts(store, [fact]))[0]?.outcome).toBe('applied');
      expect((await admin.get(path)).body).toMatchObject({
        status: {
          conditions: [
            { type: 'Scanning', status: 'False' },
            { type: 'Succeeded', status: 'True' },
          ],
        },
      });
      expect([...front.shown.values()]).toEqual([undefined]);
    } finally {
      store.close();
      await Promise.all([front.close(), aws.stop()]);
    }
  });

  it('that AWS does not know is unavailable', async () => {
    const { ca, url } = cluster();
    const aws = await startEks(python ?? '', { name: 'prod', region: 'eu-central-1', endpoint: url, ca });
    environment({ SCAN_STORE: 'kubernetes', EKS_CLUSTER_NAME: 'staging', AWS_ENDPOINT_URL: aws.url, ...KEYS });
    const { store } = await openStore();
    try {
      expect(String(await errorOf(store.ready()))).toMatch(
        /^Unavailable: the EKS cluster staging cannot be used \(eks:DescribeCluster at \S+ answers 404 ResourceNotFoundException\); look at EKS_CLUSTER_NAME/,
      );
    } finally {
      store.close();
      await aws.stop();
    }
  });
});
