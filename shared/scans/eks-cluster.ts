/**
 * An EKS cluster, without a kubeconfig: where its API server is, as the settings say or AWS does, and who we are there.
 *
 * @see https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html
 */
import * as z from 'zod';
import type { Account } from './account.ts';
import { askOnce } from './ask-once.ts';
import { type AwsCredentials, awsCredentials } from './aws-credentials.ts';
import { type AwsPlace, awsUrl } from './aws-endpoints.ts';
import { signedHeaders } from './aws-signature.ts';
import { CLOCK, type Clock, tokenKeeper } from './eks-token.ts';
import type { ProgramEnvironment } from './exec-credentials.ts';

export interface EksServer {
  /** An https URL. */
  readonly endpoint: string;
  /** Who vouches for it, as PEM. */
  readonly ca: string;
}

export interface EksSettings extends AwsPlace {
  readonly cluster: string;
  /** Absent, AWS is asked. */
  readonly server?: EksServer;
}

/** Milliseconds for which AWS is not asked again, whoever doubts its answer: an account has one quota for all. */
const DESCRIBED_FOR = 10_000;

const LONGEST_CA = 65_536;

const endpoint = z
  .url({ protocol: /^https$/ })
  .max(2_048)
  .refine((text) => URL.parse(text)?.username === '');

const ca = z
  .base64()
  .max(LONGEST_CA)
  .transform((text) => Buffer.from(text, 'base64').toString())
  .refine((text) => text.startsWith('-----BEGIN CERTIFICATE-----'));

const described = z.object({ cluster: z.object({ endpoint, certificateAuthority: z.object({ data: ca }) }) });

/** The kind of an error that AWS answers, with the URI of its specification after it. */
const errorKind = (headers: Readonly<Record<string, string>>): string =>
  /^[A-Za-z]{1,64}/.exec(String(headers['x-amzn-errortype'] ?? ''))?.[0] ?? '';

/** What AWS says of a cluster. Throws an error of one line. */
const describeCluster = async (settings: EksSettings, credentials: AwsCredentials, date: Date): Promise<EksServer> => {
  const { cluster, region } = settings;
  const url = awsUrl('eks', settings);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/clusters/${cluster}`;
  const headers = await signedHeaders(url, { service: 'eks', region, credentials, date });
  const { status, headers: told, content } = await askOnce(url, { ...headers, accept: 'application/json' });
  if (status !== 200)
    throw new Error(`eks:DescribeCluster at ${url.origin} answers ${`${status} ${errorKind(told)}`.trim()}`);
  const { data } = described.safeParse(content);
  if (data === undefined) throw new Error('eks:DescribeCluster tells of no endpoint with a certificate authority');
  return { endpoint: data.cluster.endpoint, ca: data.cluster.certificateAuthority.data };
};

/** Asks AWS where a cluster is, once, and again where that is doubted. */
const serverKeeper = (settings: EksSettings, credentials: () => Promise<AwsCredentials>, clock: Clock) => {
  let kept: { readonly server: EksServer; readonly at: number } | undefined;
  return {
    current: async (): Promise<EksServer> => {
      if (settings.server !== undefined) return settings.server;
      const at = clock.elapsed();
      kept ??= { server: await describeCluster(settings, await credentials(), clock.date()), at };
      return kept.server;
    },
    forget: (): void => {
      if (kept !== undefined && clock.elapsed() - kept.at > DESCRIBED_FOR) kept = undefined;
    },
  };
};

/** Who we are in an EKS cluster, by the credentials of AWS that the environment has. */
export const eksAccount = (settings: EksSettings, environment: ProgramEnvironment, clock: Clock = CLOCK): Account => {
  const { cluster } = settings;
  const credentials = () => awsCredentials(environment);
  const token = tokenKeeper(cluster, settings, credentials, clock);
  const server = serverKeeper(settings, credentials, clock);
  return {
    subject: `the EKS cluster ${cluster}`,
    remedy: 'look at EKS_CLUSTER_NAME, AWS_REGION and the rights of our role',
    hint: `; look at whether the EKS cluster ${cluster} can be reached from here`,
    credentials: async () => {
      const { endpoint: url, ca: authority } = await server.current();
      const { origin, pathname } = new URL(url);
      return {
        origin,
        prefix: pathname.replace(/\/$/, ''),
        headers: { authorization: `Bearer ${await token.current()}` },
        tls: { ca: authority },
      };
    },
    forget: () => {
      token.forget();
      server.forget();
    },
  };
};
