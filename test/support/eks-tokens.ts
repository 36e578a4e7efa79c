/** Tokens of EKS as an independent implementation makes them, and what they hold. */
import { readFileSync } from 'node:fs';
import type { AwsCredentials } from '../../shared/scans/aws-credentials.ts';
import type { AwsPlace } from '../../shared/scans/aws-endpoints.ts';

/** What `fixtures/eks-tokens.py` is asked. */
export interface TokenCase {
  readonly cluster: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly date: string;
  readonly isFips?: boolean;
}

/** What it answers: the token, and a signed DescribeCluster. */
export interface TokenAnswer extends TokenCase {
  readonly token: string;
  readonly describe: { readonly url: string; readonly authorization: string };
}

const FIXTURES = new URL('../scans/fixtures/', import.meta.url);

export const TOKEN_PROGRAM = new URL('eks-tokens.py', FIXTURES).pathname;

/** As botocore answered once. */
export const botocoreAnswers: readonly TokenAnswer[] = JSON.parse(
  readFileSync(new URL('eks-tokens.json', FIXTURES), 'utf8'),
);

export const placeOf = ({ region, isFips = false }: TokenCase): AwsPlace => ({ region, isFips, urls: {} });

export const credentialsOf = ({ accessKeyId, secretAccessKey, sessionToken }: TokenCase): AwsCredentials => ({
  accessKeyId,
  secretAccessKey,
  ...(sessionToken !== undefined && { sessionToken }),
});

const PREFIX = 'k8s-aws-v1.';

/** The URL in a token. */
export const urlIn = (token: string): string => {
  if (!token.startsWith(PREFIX)) throw new Error('it begins as no token does');
  return Buffer.from(token.slice(PREFIX.length), 'base64url').toString();
};

/** A token's URL without what depends on the order of its parameters, which is up to whoever signs. */
export const partsOf = (token: string) => {
  const [address = '', query = ''] = urlIn(token).split('?');
  return { address, parameters: query.split('&').sort() };
};
