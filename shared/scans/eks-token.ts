/**
 * Tokens by which an EKS cluster knows who we are at AWS: a question to STS who that is, signed by us and asked by the
 * cluster.
 *
 * @see https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
 */
import type { AwsCredentials } from './aws-credentials.ts';
import { type AwsPlace, awsUrl } from './aws-endpoints.ts';
import { presignedUrl } from './aws-signature.ts';

const PREFIX = 'k8s-aws-v1.';
const WHO_AM_I = { Action: 'GetCallerIdentity', Version: '2011-06-15' };
/** The header that ties a token to one cluster: another would ask STS with its own name, and be refused. */
const CLUSTER_HEADER = 'x-k8s-aws-id';
/** Seconds, as the URL says; clusters look at its date, and take it for fifteen minutes. */
const EXPIRES = 60;
/** Milliseconds for which a token is taken to be good. */
const GOOD_FOR = 14 * 60_000;
/** Milliseconds before its end at which a new one is made. */
const RENEWED_BEFORE = 120_000;

/** The token of a cluster, by credentials, at a date. */
export const eksToken = async (
  cluster: string,
  place: AwsPlace,
  credentials: AwsCredentials,
  date: Date,
): Promise<string> => {
  const asked = { query: WHO_AM_I, headers: { [CLUSTER_HEADER]: cluster }, seconds: EXPIRES };
  const url = await presignedUrl(awsUrl('sts', place), asked, {
    service: 'sts',
    region: place.region,
    credentials,
    date,
  });
  return PREFIX + Buffer.from(url).toString('base64url');
};

export interface Clock {
  /** What everybody calls now. */
  readonly date: () => Date;
  /** Milliseconds that only ever grow. */
  readonly elapsed: () => number;
}

export const CLOCK: Clock = { date: () => new Date(), elapsed: () => performance.now() };

interface Kept {
  readonly token: string;
  /** The end, in milliseconds of `elapsed`. */
  readonly end: number;
}

/** The milliseconds for which a token is good that is made by these credentials: it ends with them. */
const goodFor = ({ expiresAt = Number.POSITIVE_INFINITY }: AwsCredentials, date: Date): number =>
  Math.min(GOOD_FOR, expiresAt - date.getTime());

/**
 * Keeps a cluster's token, and makes a new one well before its end: one for all who ask meanwhile. Where none can be made,
 * the old one stands until it ends.
 */
export const tokenKeeper = (
  cluster: string,
  place: AwsPlace,
  credentials: () => Promise<AwsCredentials>,
  clock: Clock = CLOCK,
) => {
  let kept: Kept | undefined;
  let making: Promise<string> | undefined;
  const left = (): number => (kept === undefined ? 0 : kept.end - clock.elapsed());

  const make = async (): Promise<string> => {
    try {
      const [by, date, from] = [await credentials(), clock.date(), clock.elapsed()];
      const token = await eksToken(cluster, place, by, date);
      kept = { token, end: from + goodFor(by, date) };
      return token;
    } catch (error) {
      if (kept !== undefined && left() > 0) return kept.token;
      throw error;
    }
  };
  return {
    current: (): string | Promise<string> => {
      if (kept !== undefined && left() > RENEWED_BEFORE) return kept.token;
      making ??= make().finally(() => {
        making = undefined;
      });
      return making;
    },
    /** The token is not believed any more. */
    forget: (): void => {
      kept = undefined;
    },
  };
};
