/** The settings that say where scans are kept, and how the cluster that has them is reached and asked. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as z from 'zod';
import type { EksServer, EksSettings } from '../scans/eks-cluster.ts';
import {
  address,
  type Environment,
  programEnvironment,
  readSettings,
  WrongSetting,
  wholeNumber,
  yesOrNo,
} from './config.ts';

const STORES = ['embedded', 'kubernetes'] as const;
type StoreKind = (typeof STORES)[number];

const storeSettings = () =>
  z.object({
    SCAN_STORE: z.enum(STORES, { error: `must be ${STORES.join(' or ')}` }).default('embedded'),
    SCAN_STORE_PATH: z.string().default('.data/scans.db'),
    SCAN_STORE_MAX: wholeNumber(1, 10_000_000).default(100_000),
  });

export interface StoreSettings {
  readonly kind: StoreKind;
  /** Of the embedded store: its file, and the scans that it takes. */
  readonly path: string;
  readonly maximum: number;
  /** The files that say where the API server is; none: the account of the pod we run in. */
  readonly kubeconfigs: readonly string[];
  /** The EKS cluster whose API server it is; then no file says where that is. */
  readonly eks?: EksSettings;
}

/** As kubectl looks for them. */
const kubeconfigsOf = ({ KUBECONFIG, HOME }: Environment): readonly string[] => {
  if (KUBECONFIG) return KUBECONFIG.split(delimiter).filter((file) => file !== '');
  const own = join(HOME ?? homedir(), '.kube', 'config');
  return existsSync(own) ? [own] : [];
};

/** PEM in base64, as AWS tells it. */
const certificate = () =>
  z
    .base64('must be base64')
    .max(65_536, 'is too long')
    .transform((text) => Buffer.from(text, 'base64').toString())
    .refine((text) => text.startsWith('-----BEGIN CERTIFICATE-----'), 'must be a PEM certificate in base64');

const region = () => z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, 'must be the name of a region');

const eksSettings = () =>
  z.object({
    EKS_CLUSTER_NAME: z
      .string()
      .regex(/^[A-Za-z0-9][\w-]{0,99}$/, 'must be the name of an EKS cluster: letters, digits, _ -')
      .optional(),
    EKS_ENDPOINT: address()
      .refine((url) => URL.parse(url)?.protocol !== 'http:', 'must be an https URL')
      .optional(),
    EKS_CA: certificate().optional(),
  });

/** As the SDKs of AWS read them; only looked at where there is an EKS cluster. */
const awsSettings = () =>
  z.object({
    AWS_REGION: region().optional(),
    AWS_DEFAULT_REGION: region().optional(),
    AWS_USE_FIPS_ENDPOINT: yesOrNo().default('false'),
    AWS_ENDPOINT_URL: address().optional(),
    AWS_ENDPOINT_URL_STS: address().optional(),
    AWS_ENDPOINT_URL_EKS: address().optional(),
  });

/** Both, or none: an endpoint that somebody else vouches for is another server. */
const eksServerOf = ({
  EKS_ENDPOINT: endpoint,
  EKS_CA: ca,
}: z.infer<ReturnType<typeof eksSettings>>): EksServer | undefined => {
  if (endpoint !== undefined && ca !== undefined) return { endpoint, ca };
  if (endpoint !== undefined) throw new WrongSetting('EKS_CA', 'must be set where EKS_ENDPOINT is');
  if (ca !== undefined) throw new WrongSetting('EKS_ENDPOINT', 'must be set where EKS_CA is');
  return undefined;
};

const eksOf = (environment: Environment): EksSettings | undefined => {
  const settings = readSettings(eksSettings(), environment);
  const { EKS_CLUSTER_NAME: cluster } = settings;
  const server = eksServerOf(settings);
  if (cluster === undefined) {
    if (server === undefined) return undefined;
    throw new WrongSetting('EKS_CLUSTER_NAME', 'must be set where EKS_ENDPOINT is');
  }
  const aws = readSettings(awsSettings(), environment);
  const { AWS_REGION = aws.AWS_DEFAULT_REGION, AWS_ENDPOINT_URL: url } = aws;
  if (AWS_REGION === undefined) throw new WrongSetting('AWS_REGION', 'must be set where EKS_CLUSTER_NAME is');
  const { AWS_ENDPOINT_URL_STS: sts = url, AWS_ENDPOINT_URL_EKS: eks = url } = aws;
  return {
    cluster,
    region: AWS_REGION,
    isFips: aws.AWS_USE_FIPS_ENDPOINT === 'true',
    urls: { ...(sts !== undefined && { sts }), ...(eks !== undefined && { eks }) },
    ...(server !== undefined && { server }),
  };
};

/** Where scans are kept. Throws `WrongSetting`. */
export const readStoreSettings = (environment: Environment = programEnvironment()): StoreSettings => {
  const { SCAN_STORE, SCAN_STORE_PATH, SCAN_STORE_MAX } = readSettings(storeSettings(), environment);
  const eks = eksOf(environment);
  return {
    kind: SCAN_STORE,
    path: SCAN_STORE_PATH,
    maximum: SCAN_STORE_MAX,
    kubeconfigs: eks === undefined ? kubeconfigsOf(environment) : [],
    ...(eks !== undefined && { eks }),
  };
};

const jobSettings = () =>
  z.object({
    JOB_FACTS: z.enum(['events', 'jobs'], { error: 'must be events or jobs' }).default('events'),
    POD_DETAILS: yesOrNo().default('false'),
  });

export interface JobSettings {
  /** Whether a job event is only a hint, and the Job itself says what happened. */
  readonly readsJobs: boolean;
  /** Whether a failed Job's pods are asked why. */
  readonly readsPods: boolean;
}

/** What is asked of the cluster beside the scans. Throws `WrongSetting`, also where there is no cluster to ask. */
export const readJobSettings = (store: StoreKind, environment: Environment = programEnvironment()): JobSettings => {
  const { JOB_FACTS, POD_DETAILS } = readSettings(jobSettings(), environment);
  const settings = { readsJobs: JOB_FACTS === 'jobs', readsPods: POD_DETAILS === 'true' };
  if (store === 'kubernetes') return settings;
  if (settings.readsJobs) throw new WrongSetting('JOB_FACTS', 'jobs needs SCAN_STORE=kubernetes');
  if (settings.readsPods) throw new WrongSetting('POD_DETAILS', 'true needs SCAN_STORE=kubernetes');
  return settings;
};
