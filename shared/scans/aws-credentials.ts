/**
 * Who we are at AWS: the keys in the environment, as Lambda puts them there, or those that the host of our container
 * gives out (EKS Pod Identity, ECS). They are looked up each time, since they rotate.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { askOnce } from './ask-once.ts';
import type { ProgramEnvironment } from './exec-credentials.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since 1970; absent where nobody says. */
  readonly expiresAt?: number;
}

const LONGEST_KEY = 65_536;

/** Where the agent of ECS is, and the hosts that may be asked without TLS: they are this machine. */
const ECS_HOST = 'http://169.254.170.2';
const LOCAL_HOSTS = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|169\.254\.170\.(?:2|23)|\[fd00:ec2::23\])$/;

/** A key can stand in a header: whatever else it holds has slipped in. */
const key = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'is no key')
  .max(LONGEST_KEY, 'is too long');

const given = z.object({
  AccessKeyId: key,
  SecretAccessKey: key,
  Token: key.nullish(),
  Expiration: z.string().nullish(),
});

const checked = (variable: string, value: string | undefined): string => {
  if (!value) throw new Error(`${variable} is not set`);
  const { success, error, data } = key.safeParse(value);
  if (!success) throw new Error(`${variable} ${error.issues[0]?.message}`);
  return data;
};

const fromEnvironment = (environment: ProgramEnvironment): AwsCredentials => ({
  accessKeyId: checked('AWS_ACCESS_KEY_ID', environment.AWS_ACCESS_KEY_ID),
  secretAccessKey: checked('AWS_SECRET_ACCESS_KEY', environment.AWS_SECRET_ACCESS_KEY),
  ...(environment.AWS_SESSION_TOKEN && { sessionToken: checked('AWS_SESSION_TOKEN', environment.AWS_SESSION_TOKEN) }),
});

const FULL = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const RELATIVE = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
const TOKEN = 'AWS_CONTAINER_AUTHORIZATION_TOKEN';
const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';

const containerUrl = ({ [FULL]: full, [RELATIVE]: relative }: ProgramEnvironment): URL => {
  const url = relative ? URL.parse(ECS_HOST + relative) : URL.parse(full ?? '');
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error(`${FULL} is no http or https URL`);
  if (url.protocol === 'http:' && !LOCAL_HOSTS.test(url.hostname))
    throw new Error(`${FULL} must be https, unless it is on this machine`);
  return url;
};

const containerToken = async (environment: ProgramEnvironment): Promise<string | undefined> => {
  const { [TOKEN_FILE]: file, [TOKEN]: token } = environment;
  if (!file) return token && checked(TOKEN, token);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`${TOKEN_FILE} cannot be read (${cause.code})`, { cause });
  });
  return checked(`the file of ${TOKEN_FILE}`, text.trim());
};

const fromContainer = async (environment: ProgramEnvironment): Promise<AwsCredentials> => {
  const url = containerUrl(environment);
  const authorization = await containerToken(environment);
  const { status, content } = await askOnce(url, {
    accept: 'application/json',
    ...(authorization && { authorization }),
  });
  const { data } = given.safeParse(content);
  if (status !== 200 || data === undefined)
    throw new Error(`${url.origin} gives no AWS credentials (it answers ${status})`);
  const expiresAt = Date.parse(data.Expiration ?? '');
  return {
    accessKeyId: data.AccessKeyId,
    secretAccessKey: data.SecretAccessKey,
    ...(data.Token && { sessionToken: data.Token }),
    ...(!Number.isNaN(expiresAt) && { expiresAt }),
  };
};

/** The credentials of now. Throws an error of one line, which holds none of them. */
export const awsCredentials = async (environment: ProgramEnvironment): Promise<AwsCredentials> => {
  if (environment.AWS_ACCESS_KEY_ID || environment.AWS_SECRET_ACCESS_KEY) return fromEnvironment(environment);
  if (environment[FULL] || environment[RELATIVE]) return fromContainer(environment);
  throw new Error(`there are no AWS credentials: neither AWS_ACCESS_KEY_ID nor ${FULL} is set`);
};
