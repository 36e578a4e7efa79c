/** The settings, read from the environment; the only file that looks there. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import * as z from 'zod';
import type { Scope } from '../events/scope.ts';
import type { EksServer, EksSettings } from '../scans/eks-cluster.ts';

/** A setting that is wrong, named by its variable. */
export class WrongSetting extends Error {
  constructor(variable: string, problem: string) {
    super(`${variable}: ${problem}`);
    this.name = 'WrongSetting';
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

const words = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((word) => word !== ''))
  .refine((list) => list.length > 0, 'must name at least one');

const wholeNumber = (from: number, to: number) => {
  const error = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d+$/, error)
    .transform(Number)
    .refine((value) => value >= from && value <= to, error);
};

/** Files, as a PATH lists folders. */
const files = z.string().transform((text) => text.split(delimiter).filter((file) => file !== ''));

const STORES = ['embedded', 'kubernetes'] as const;
type StoreKind = (typeof STORES)[number];

const storeSettings = z.object({
  SCAN_STORE: z.enum(STORES, { error: `must be ${STORES.join(' or ')}` }).default('embedded'),
  SCAN_STORE_PATH: z.string().default('.data/scans.db'),
  SCAN_STORE_MAX: wholeNumber(1, 10_000_000).default(100_000),
});

const scopeSettings = z.object({
  SCAN_GROUP: z
    .string()
    .regex(/^[a-z0-9.-]+$/, 'must be an API group')
    .default('scanning.apps.tanzu.vmware.com'),
  SCAN_KINDS: words.default(['SourceScan', 'ImageScan']),
  SCAN_NAMESPACES: words.optional(),
});

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const serverSettings = z.object({
  PORT: wholeNumber(0, 65_535).default(8_080),
  HOST: z.string().default('127.0.0.1'),
});

/** Where events are sent, or a server is: who may be there is not said in the address. */
const address = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  .refine((url) => URL.parse(url)?.username === '' && URL.parse(url)?.password === '', {
    error: 'must not hold a password',
    when: ({ issues }) => issues.length === 0,
  });

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html */
const EVENT_BUS = /^(?:arn:aws[\w-]*:events:[a-z0-9-]+:\d{12}:event-bus\/)?[\w./-]+$/;
/** Emulators have an account of zeros, or the word `queue`, or one more folder in front. */
const QUEUE_URL = /^https?:\/\/[^/?#]+(?:\/[\w-]+)+\/[\w-]{1,80}(?:\.fifo)?$/;

const queueUrl = address.refine((url) => QUEUE_URL.test(url), {
  error: 'must be the URL of a queue, ending in its account and name',
  when: ({ issues }) => issues.length === 0,
});

const runtimeSettings = z.object({
  AUTH: z.enum(['none'], { error: 'must be none, or not set' }).optional(),
  AUTH_CONFIG: z.string().optional(),
  K_SINK: address.optional(),
  EVENT_BUS_NAME: z
    .string()
    .max(1_600, 'is too long')
    .regex(EVENT_BUS, 'must be the name or the ARN of an event bus')
    .optional(),
  EVENT_QUEUE_URL: queueUrl.optional(),
  SCAN_CLUSTER: z
    .string()
    .regex(/^[\w.-]{1,253}$/, 'must be a name: letters, digits, . _ -')
    .default('local'),
  LOG_LEVEL: z.enum(LEVELS, { error: `must be one of ${LEVELS.join(', ')}` }).default('info'),
});

const read = <T extends z.ZodObject>(schema: T, environment: Environment): z.infer<T> => {
  // An empty variable is one that is not set, as shells and manifests write it.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  // Read once: to compile what reads them would take longer than to read them.
  const parsed = schema.safeParse(set, { jitless: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WrongSetting(String(issue?.path[0]), issue?.message ?? 'is not valid');
};

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
const certificate = z
  .base64('must be base64')
  .max(65_536, 'is too long')
  .transform((text) => Buffer.from(text, 'base64').toString())
  .refine((text) => text.startsWith('-----BEGIN CERTIFICATE-----'), 'must be a PEM certificate in base64');

const region = z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, 'must be the name of a region');

const eksSettings = z.object({
  EKS_CLUSTER_NAME: z
    .string()
    .regex(/^[A-Za-z0-9][\w-]{0,99}$/, 'must be the name of an EKS cluster: letters, digits, _ -')
    .optional(),
  EKS_ENDPOINT: address.refine((url) => URL.parse(url)?.protocol !== 'http:', 'must be an https URL').optional(),
  EKS_CA: certificate.optional(),
});

/** As the SDKs of AWS read them; only looked at where there is an EKS cluster. */
const awsSettings = z.object({
  AWS_REGION: region.optional(),
  AWS_DEFAULT_REGION: region.optional(),
  AWS_USE_FIPS_ENDPOINT: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
  AWS_ENDPOINT_URL: address.optional(),
  AWS_ENDPOINT_URL_STS: address.optional(),
  AWS_ENDPOINT_URL_EKS: address.optional(),
});

/** Both, or none: an endpoint that somebody else vouches for is another server. */
const eksServerOf = ({ EKS_ENDPOINT: endpoint, EKS_CA: ca }: z.infer<typeof eksSettings>): EksServer | undefined => {
  if (endpoint !== undefined && ca !== undefined) return { endpoint, ca };
  if (endpoint !== undefined) throw new WrongSetting('EKS_CA', 'must be set where EKS_ENDPOINT is');
  if (ca !== undefined) throw new WrongSetting('EKS_ENDPOINT', 'must be set where EKS_CA is');
  return undefined;
};

const eksOf = (environment: Environment): EksSettings | undefined => {
  const settings = read(eksSettings, environment);
  const { EKS_CLUSTER_NAME: cluster } = settings;
  const server = eksServerOf(settings);
  if (cluster === undefined) {
    if (server === undefined) return undefined;
    throw new WrongSetting('EKS_CLUSTER_NAME', 'must be set where EKS_ENDPOINT is');
  }
  const aws = read(awsSettings, environment);
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
export const readStoreSettings = (environment: Environment = process.env): StoreSettings => {
  const { SCAN_STORE, SCAN_STORE_PATH, SCAN_STORE_MAX } = read(storeSettings, environment);
  const eks = eksOf(environment);
  return {
    kind: SCAN_STORE,
    path: SCAN_STORE_PATH,
    maximum: SCAN_STORE_MAX,
    kubeconfigs: eks === undefined ? kubeconfigsOf(environment) : [],
    ...(eks !== undefined && { eks }),
  };
};

/** What a program inherits that is started for us, and where credentials of AWS are looked for. */
export const programEnvironment = (environment: Environment = process.env): Environment => environment;

/**
 * The compiler of policies: the program that `OPA_BIN` names, else the first `opa` of the PATH. Whether it is there, and is
 * one, shows when it is run.
 */
export const readOpaSetting = ({ OPA_BIN, PATH = '' }: Environment = process.env): string => {
  if (OPA_BIN) return resolve(OPA_BIN);
  const places = PATH.split(delimiter).filter((folder) => folder !== '');
  return places.map((folder) => resolve(folder, 'opa')).find((file) => existsSync(file)) ?? 'opa';
};

const jobSettings = z.object({
  JOB_FACTS: z.enum(['events', 'jobs'], { error: 'must be events or jobs' }).default('events'),
  POD_DETAILS: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
});

export interface JobSettings {
  /** Whether a job event is only a hint, and the Job itself says what happened. */
  readonly readsJobs: boolean;
  /** Whether a failed Job's pods are asked why. */
  readonly readsPods: boolean;
}

/** What is asked of the cluster beside the scans. Throws `WrongSetting`, also where there is no cluster to ask. */
export const readJobSettings = (store: StoreKind, environment: Environment = process.env): JobSettings => {
  const { JOB_FACTS, POD_DETAILS } = read(jobSettings, environment);
  const settings = { readsJobs: JOB_FACTS === 'jobs', readsPods: POD_DETAILS === 'true' };
  if (store === 'kubernetes') return settings;
  if (settings.readsJobs) throw new WrongSetting('JOB_FACTS', 'jobs needs SCAN_STORE=kubernetes');
  if (settings.readsPods) throw new WrongSetting('POD_DETAILS', 'true needs SCAN_STORE=kubernetes');
  return settings;
};

const policySettings = z.object({
  REPORT_MAX_MIB: wholeNumber(1, 256).default(64),
  REPORT_SOURCES: z.string().optional(),
  POLICY_DEADLINE_SECONDS: wholeNumber(1, 300).default(10),
  POLICY_MEMORY_MIB: wholeNumber(16, 4_000).default(384),
  POLICY_CANARY: z.enum(['warn', 'strict'], { error: 'must be warn or strict' }).default('warn'),
  TRUST_POD_VERDICTS: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
  BUNDLE_KEYS: files.default([]),
  VERDICT_KEY: z.string().optional(),
});

const MEBIBYTE = 1_048_576;

export interface PolicySettings {
  /** Bytes of a report. */
  readonly largestReport: number;
  /** Milliseconds for one evaluation. */
  readonly deadline: number;
  /** Bytes of memory that a policy may take. */
  readonly memory: number;
  /** Whether a policy that denies nothing in a canary is an error. */
  readonly canaryIsStrict: boolean;
  readonly trustsPodVerdicts: boolean;
  /** The YAML file that says which URLs may be fetched; absent, none. */
  readonly sources?: string;
  /** The files of public keys that bundles must be signed with; none: bundles must not be signed. */
  readonly bundleKeys: readonly string[];
  /** The file of the private key that verdicts are signed with; absent, they are not. */
  readonly signingKey?: string;
}

/** How policies are evaluated. Throws `WrongSetting`. */
export const readPolicySettings = (environment: Environment = process.env): PolicySettings => {
  const settings = read(policySettings, environment);
  const { REPORT_SOURCES: sources, VERDICT_KEY: signingKey } = settings;
  return {
    largestReport: settings.REPORT_MAX_MIB * MEBIBYTE,
    deadline: settings.POLICY_DEADLINE_SECONDS * 1_000,
    memory: settings.POLICY_MEMORY_MIB * MEBIBYTE,
    canaryIsStrict: settings.POLICY_CANARY === 'strict',
    trustsPodVerdicts: settings.TRUST_POD_VERDICTS === 'true',
    bundleKeys: settings.BUNDLE_KEYS,
    ...(sources !== undefined && { sources }),
    ...(signingKey !== undefined && { signingKey }),
  };
};

/** The files of public keys that verdicts must be signed with; none: any verdict is believed. Throws `WrongSetting`. */
export const readVerdictKeys = (environment: Environment = process.env): readonly string[] =>
  read(z.object({ VERDICT_KEYS: files.default([]) }), environment).VERDICT_KEYS;

/** Which scans are kept. Throws `WrongSetting`. */
export const readScope = (environment: Environment = process.env): Scope => {
  const { SCAN_GROUP, SCAN_KINDS, SCAN_NAMESPACES } = read(scopeSettings, environment);
  return {
    group: SCAN_GROUP,
    kinds: new Set(SCAN_KINDS),
    ...(SCAN_NAMESPACES !== undefined && { namespaces: new Set(SCAN_NAMESPACES) }),
  };
};

export interface RuntimeSettings {
  readonly cluster: string;
  /** Where emitted events go, one of these: an address, an event bus (name or ARN), a queue (URL). None: the answer. */
  readonly sink?: string;
  readonly bus?: string;
  readonly queue?: string;
  /** Whether strangers may send events. */
  readonly isOpen: boolean;
  /** The file that says who may send what; absent, nobody is known. */
  readonly authConfig?: string;
  readonly logLevel: (typeof LEVELS)[number];
}

/** Each event goes to one place: to whom it is sent on is said there. */
const checkOneOutput = (outputs: Readonly<Record<string, string | undefined>>): void => {
  const [first, second] = Object.entries(outputs).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (second !== undefined) throw new WrongSetting(second, `must not be set beside ${first}: events have one output`);
};

/** What holds wherever the functions run. Throws `WrongSetting`. */
export const readRuntimeSettings = (environment: Environment = process.env): RuntimeSettings => {
  const { AUTH, AUTH_CONFIG, K_SINK, EVENT_BUS_NAME, EVENT_QUEUE_URL, ...settings } = read(
    runtimeSettings,
    environment,
  );
  if (AUTH !== undefined && AUTH_CONFIG !== undefined)
    throw new WrongSetting('AUTH_CONFIG', 'must not be set beside AUTH=none, which lets everybody send');
  checkOneOutput({ K_SINK, EVENT_BUS_NAME, EVENT_QUEUE_URL });
  return {
    cluster: settings.SCAN_CLUSTER,
    isOpen: AUTH === 'none',
    logLevel: settings.LOG_LEVEL,
    ...(AUTH_CONFIG !== undefined && { authConfig: AUTH_CONFIG }),
    ...(K_SINK !== undefined && { sink: K_SINK }),
    ...(EVENT_BUS_NAME !== undefined && { bus: EVENT_BUS_NAME }),
    ...(EVENT_QUEUE_URL !== undefined && { queue: EVENT_QUEUE_URL }),
  };
};

/** The queue (URL) where messages are put that are wrong for good; absent, their own queue sees to it. Throws `WrongSetting`. */
export const readDeadLetterQueue = (environment: Environment = process.env): string | undefined =>
  read(z.object({ DEAD_LETTER_QUEUE_URL: queueUrl.optional() }), environment).DEAD_LETTER_QUEUE_URL;

/** The file (YAML) that says who is told of what; absent, nobody is. */
export const readAlertsSetting = ({ ALERTS_CONFIG }: Environment = process.env): string | undefined =>
  ALERTS_CONFIG || undefined;

export interface ServerSettings {
  readonly port: number;
  readonly host: string;
  /** Whether only this machine can reach the server. */
  readonly isLoopback: boolean;
}

const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);

/** How the server listens. Throws `WrongSetting`, also where strangers could reach it unasked. */
export const readServerSettings = (environment: Environment = process.env): ServerSettings => {
  const { PORT, HOST } = read(serverSettings, environment);
  const isLoopback = isLoopbackHost(HOST);
  const { isOpen, authConfig } = readRuntimeSettings(environment);
  if (!isLoopback && !isOpen && authConfig === undefined) {
    const problem = `${HOST} can be reached by strangers; set AUTH_CONFIG, or say AUTH=none if they may send events`;
    throw new WrongSetting('HOST', problem);
  }
  return { port: PORT, host: HOST, isLoopback };
};

/** The folder that the user stands in: npm runs the script `name` in the project's, and says where it was called. */
export const workingFolder = (name: string, environment: Environment = process.env): string =>
  environment.npm_lifecycle_event === name ? (environment.INIT_CWD ?? process.cwd()) : process.cwd();
