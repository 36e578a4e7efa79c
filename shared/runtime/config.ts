/** The settings that hold wherever the functions run, read from the environment: the only file that looks there. */
import * as z from 'zod';
import type { Scope } from '../events/scope.ts';

/** A setting that is wrong, named by its variable. */
export class WrongSetting extends Error {
  constructor(variable: string, problem: string) {
    super(`${variable}: ${problem}`);
    this.name = 'WrongSetting';
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

const words = () =>
  z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((word) => word !== ''))
    .refine((list) => list.length > 0, 'must name at least one');

export const wholeNumber = (from: number, to: number) => {
  const error = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d+$/, error)
    .transform(Number)
    .refine((value) => value >= from && value <= to, error);
};

const scopeSettings = () =>
  z.object({
    SCAN_GROUP: z
      .string()
      .regex(/^[a-z0-9.-]+$/, 'must be an API group')
      .default('scanning.apps.tanzu.vmware.com'),
    SCAN_KINDS: words().default(['SourceScan', 'ImageScan']),
    SCAN_NAMESPACES: words().optional(),
  });

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const serverSettings = () =>
  z.object({
    PORT: wholeNumber(0, 65_535).default(8_080),
    HOST: z.string().default('127.0.0.1'),
  });

/** As a variable says it. */
export const yesOrNo = () => z.enum(['true', 'false'], { error: 'must be true or false' });

/** Where events are sent, or a server is: who may be there is not said in the address. */
export const address = () =>
  z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .refine((url) => URL.parse(url)?.username === '' && URL.parse(url)?.password === '', {
      error: 'must not hold a password',
      when: ({ issues }) => issues.length === 0,
    });

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html */
const EVENT_BUS = /^(?:arn:aws[\w-]*:events:[a-z0-9-]+:\d{12}:event-bus\/)?[\w./-]+$/;
/** Emulators have an account of zeros, or the word `queue`, or one more folder in front. */
const QUEUE_URL = /^https?:\/\/[^/?#]+(?:\/[\w-]+)+\/[\w-]{1,80}(?:\.fifo)?$/;

const queueUrl = () =>
  address().refine((url) => QUEUE_URL.test(url), {
    error: 'must be the URL of a queue, ending in its account and name',
    when: ({ issues }) => issues.length === 0,
  });

const runtimeSettings = () =>
  z.object({
    AUTH: z.enum(['none'], { error: 'must be none, or not set' }).optional(),
    AUTH_CONFIG: z.string().optional(),
    K_SINK: address().optional(),
    EVENT_BUS_NAME: z
      .string()
      .max(1_600, 'is too long')
      .regex(EVENT_BUS, 'must be the name or the ARN of an event bus')
      .optional(),
    EVENT_QUEUE_URL: queueUrl().optional(),
    SCAN_CLUSTER: z
      .string()
      .regex(/^[\w.-]{1,253}$/, 'must be a name: letters, digits, . _ -')
      .default('local'),
    LOG_LEVEL: z.enum(LEVELS, { error: `must be one of ${LEVELS.join(', ')}` }).default('info'),
  });

/** The settings that a schema names; the first that is wrong is told by its variable. Throws `WrongSetting`. */
export const readSettings = <T extends z.ZodObject>(schema: T, environment: Environment): z.infer<T> => {
  // An empty variable is one that is not set, as shells and manifests write it.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  // Read once: to compile what reads them would take longer than to read them.
  const parsed = schema.safeParse(set, { jitless: true });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WrongSetting(String(issue?.path[0]), issue?.message ?? 'is not valid');
};

/** All of it: what a program inherits that is started for us, where other settings are read, and where credentials of AWS are looked for. */
export const programEnvironment = (environment: Environment = process.env): Environment => environment;

/** Which scans are kept. Throws `WrongSetting`. */
export const readScope = (environment: Environment = process.env): Scope => {
  const { SCAN_GROUP, SCAN_KINDS, SCAN_NAMESPACES } = readSettings(scopeSettings(), environment);
  return {
    group: SCAN_GROUP,
    kinds: new Set(SCAN_KINDS),
    ...(SCAN_NAMESPACES !== undefined && { namespaces: new Set(SCAN_NAMESPACES) }),
  };
};

export interface RuntimeSettings {
  readonly cluster: string;
  /** Where emitted events go, one of these: an address(), an event bus (name or ARN), a queue (URL). None: the answer. */
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
  const { AUTH, AUTH_CONFIG, K_SINK, EVENT_BUS_NAME, EVENT_QUEUE_URL, ...settings } = readSettings(
    runtimeSettings(),
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
  readSettings(z.object({ DEAD_LETTER_QUEUE_URL: queueUrl().optional() }), environment).DEAD_LETTER_QUEUE_URL;

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
  const { PORT, HOST } = readSettings(serverSettings(), environment);
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
