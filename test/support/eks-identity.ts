/** What an EKS cluster does with a token, with STS behind it: it finds out who made it, or believes it not. */
import { createHash, createHmac } from 'node:crypto';
import type { AwsCredentials } from '../../shared/scans/aws-credentials.ts';
import type { Asked } from './api-server.ts';
import { urlIn } from './eks-tokens.ts';

interface Identity {
  readonly cluster: string;
  readonly region: string;
  /** The host of STS that the cluster asks, and no other. */
  readonly host: string;
  readonly credentials: AwsCredentials;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Milliseconds for which a cluster takes a token. */
const TAKEN_FOR = 15 * 60_000;

const NAMES = [
  'Action',
  'Version',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
];

const timeOf = (date: string): number => Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
const signatureOf = (query: string, date: string, { cluster, region, host, credentials }: Identity): string => {
  const canonical = ['GET', '/', query, `host:${host}`, `x-k8s-aws-id:${cluster}`, '', 'host;x-k8s-aws-id', sha256('')];
  const day = date.slice(0, 8);
  const text = ['AWS4-HMAC-SHA256', date, `${day}/${region}/sts/aws4_request`, sha256(canonical.join('\n'))].join('\n');
  const key = [day, region, 'sts', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  return hmac(key, text).toString('hex');
};

/** Why the token is not believed; `undefined`, it is. */
export const problemOfToken = (token: string, identity: Identity): string | undefined => {
  const url = new URL(urlIn(token));
  const told = Object.fromEntries(url.searchParams);
  const { 'X-Amz-Signature': signature, 'X-Amz-Date': date = '', 'X-Amz-Security-Token': session } = told;
  if (url.host !== identity.host) return `it would ask ${url.host}`;
  if (Object.keys(told).some((name) => !NAMES.includes(name))) return 'it has a parameter too many';
  if (told.Action !== 'GetCallerIdentity' || told.Version !== '2011-06-15') return 'it asks something else';
  if (told['X-Amz-SignedHeaders'] !== 'host;x-k8s-aws-id') return 'it does not sign the cluster';
  if (told['X-Amz-Expires'] !== '60') return 'it expires otherwise';
  const age = identity.now - timeOf(date);
  if (!(age > -60_000 && age < TAKEN_FOR)) return 'it is not of now';
  if (session !== identity.credentials.sessionToken) return 'it is of another session';
  const query = url.search
    .slice(1)
    .split('&')
    .filter((part) => !part.startsWith('X-Amz-Signature='));
  return signature === signatureOf(query.sort().join('&'), date, identity) ? undefined : 'its signature is wrong';
};

/** The token that a request to the API server shows. */
export const tokenOf = ({ headers }: Asked): string => (headers.authorization ?? '').replace(/^Bearer /, '');
