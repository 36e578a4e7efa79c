/** An EKS cluster: where it is by the word of AWS, how often AWS is asked, and what is told where it does not say. */
import { describe, expect, it } from '@jest/globals';
import { type EksServer, type EksSettings, eksAccount } from '../../shared/scans/eks-cluster.ts';
import { createAuthority } from '../support/certificates.ts';
import { type AwsAnswer, type AwsServer, awsError, awsServers, describedCluster } from '../support/eks-services.ts';
import { errorOf } from '../support/error-of.ts';

const serve = awsServers();
const { cert } = createAuthority();
const ENDPOINT = 'https://0123456789ABCDEF.gr7.eu-central-1.eks.amazonaws.com';
const SECRET = 'hunter2/is+nobodys=business';
const KEYS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: SECRET,
  AWS_SESSION_TOKEN: `session-${SECRET}`,
};
const START = Date.parse('2026-11-24T04:05:06Z');

/** Who we are in the cluster `prod`, where EKS is this server, on a clock of its own. */
const accountAt = (eks: AwsServer | string, { server, keys = KEYS }: { server?: EksServer; keys?: object } = {}) => {
  let elapsed = 5_000;
  const clock = { date: () => new Date(START + elapsed), elapsed: () => elapsed };
  const url = typeof eks === 'string' ? eks : eks.url;
  const place = { region: 'eu-central-1', isFips: false, urls: { eks: url } };
  const settings: EksSettings = { cluster: 'prod', ...place, ...(server !== undefined && { server }) };
  const account = eksAccount(settings, { ...keys }, clock);
  return {
    ...account,
    pass: (milliseconds: number) => {
      elapsed += milliseconds;
    },
  };
};

const wordsOf = (error: unknown): string => (error instanceof Error ? `${error.message}\n${wordsOf(error.cause)}` : '');

describe('an EKS cluster', () => {
  it('is where the settings say, and AWS is not asked', async () => {
    const eks = await serve(describedCluster('https://elsewhere.example', cert));
    const { credentials, forget, pass } = accountAt(eks, { server: { endpoint: `${ENDPOINT}/k8s/`, ca: cert } });
    const found = await credentials();
    expect(found).toEqual({
      origin: ENDPOINT.toLowerCase(),
      prefix: '/k8s',
      headers: { authorization: expect.stringMatching(/^Bearer k8s-aws-v1\.[\w-]+$/) },
      tls: { ca: cert },
    });
    pass(60_000);
    forget();
    expect((await credentials()).origin).toBe(found.origin);
    expect(eks.asked).toHaveLength(0);
  });

  it('is where AWS says, which is asked once, signed', async () => {
    const eks = await serve(describedCluster(ENDPOINT, cert));
    const { credentials, pass } = accountAt(eks);
    const found = await credentials();
    pass(3_600_000);
    expect(await credentials()).toMatchObject({ origin: found.origin, tls: { ca: cert } });
    expect(found).toMatchObject({ origin: ENDPOINT.toLowerCase(), prefix: '', tls: { ca: cert } });
    const [request, ...more] = eks.asked;
    expect(more).toHaveLength(0);
    expect(request).toMatchObject({ method: 'GET', url: '/clusters/prod' });
    expect(request?.headers).toMatchObject({
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/eks\/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
      ),
      'x-amz-security-token': KEYS.AWS_SESSION_TOKEN,
      host: `127.0.0.1:${eks.port}`,
    });
  });

  it('is asked for under the path of the URL that stands in for EKS', async () => {
    const eks = await serve(describedCluster(ENDPOINT, cert));
    await accountAt(`${eks.url}/eks/`).credentials();
    expect(eks.asked.map(({ url }) => url)).toEqual(['/eks/clusters/prod']);
  });

  it('is asked for again where its server is doubted, but not more than once in ten seconds', async () => {
    const eks = await serve(describedCluster(ENDPOINT, cert));
    const { credentials, forget, pass } = accountAt(eks);
    const { headers } = await credentials();
    eks.answer(describedCluster('https://moved.example', cert));
    pass(10_000);
    forget();
    const again = await credentials();
    expect(again.origin).toBe(ENDPOINT.toLowerCase());
    expect(again.headers).not.toEqual(headers);
    expect(eks.asked).toHaveLength(1);
    pass(1);
    forget();
    expect((await credentials()).origin).toBe('https://moved.example');
    expect(eks.asked).toHaveLength(2);
  });

  const OTHERWISE = 'eks:DescribeCluster tells of no endpoint with a certificate authority';
  const withCluster = (cluster: object) => ({
    cluster: { endpoint: ENDPOINT, certificateAuthority: { data: btoa(cert) }, ...cluster },
  });

  it.each<[what: string, answer: AwsAnswer, problem: string]>([
    ['refuses', awsError(403, 'AccessDeniedException'), 'answers 403 AccessDeniedException'],
    ['has no such cluster', awsError(404, 'ResourceNotFoundException'), 'answers 404 ResourceNotFoundException'],
    ['throttles', awsError(429, 'ThrottlingException'), 'answers 429 ThrottlingException'],
    ['fails', awsError(500), 'answers 500'],
    ['says what nobody may', awsError(400, `<b>${SECRET}`), 'answers 400'],
    ['redirects', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'answers 302'],
    ['echoes', (response, { headers }) => response.writeHead(403).end(JSON.stringify(headers)), 'answers 403'],
    ['breaks off', (response) => response.destroy(), 'does not answer'],
    ['is creating it', { cluster: { name: 'prod', status: 'CREATING' } }, OTHERWISE],
    ['tells no JSON', (response) => response.end('<html>'), OTHERWISE],
    ['tells a list', (response) => response.end('[]'), OTHERWISE],
    ['tells too much', { ...describedCluster(ENDPOINT, cert), padding: 'x'.repeat(300_000) }, OTHERWISE],
    ['tells of no TLS', withCluster({ endpoint: 'http://prod.example' }), OTHERWISE],
    ['tells of a password', withCluster({ endpoint: `https://a:b@prod.example` }), OTHERWISE],
    ['tells of no URL', withCluster({ endpoint: 'prod' }), OTHERWISE],
    ['tells of no authority', withCluster({ certificateAuthority: {} }), OTHERWISE],
    ['tells of an authority that is none', withCluster({ certificateAuthority: { data: btoa('hello') } }), OTHERWISE],
    ['tells of an authority in no base64', withCluster({ certificateAuthority: { data: cert } }), OTHERWISE],
  ])('is told to be unknown in one line where EKS %s, until it is mended', async (_, answer, problem) => {
    const eks = await serve(answer);
    const { credentials, subject, remedy } = accountAt(eks);
    const error = await errorOf(credentials());
    expect(error.message).toMatch(/^[^\n]{1,200}$/);
    expect(error.message.endsWith(problem)).toBe(true);
    expect(wordsOf(error)).not.toContain(SECRET);
    expect(`${subject}; ${remedy}`).toContain('the EKS cluster prod; look at EKS_CLUSTER_NAME');
    eks.answer(describedCluster(ENDPOINT, cert));
    expect(await credentials()).toMatchObject({ tls: { ca: cert } });
  });

  it('is told to be unknown where EKS is not there, or nobody says who we are', async () => {
    const away = await errorOf(accountAt('http://127.0.0.1:1').credentials());
    expect(away.message).toBe('http://127.0.0.1:1 cannot be reached (ECONNREFUSED)');
    const eks = await serve(describedCluster(ENDPOINT, cert));
    expect((await errorOf(accountAt(eks, { keys: {} }).credentials())).message).toMatch(
      /^there are no AWS credentials/,
    );
    expect(eks.asked).toHaveLength(0);
  });
});
