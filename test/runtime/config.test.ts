/** Every setting: what it is when nobody says, what it may be, and how a wrong one is told. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  readAlertsSetting,
  readRuntimeSettings,
  readScope,
  readServerSettings,
  WrongSetting,
  workingFolder,
} from '../../shared/runtime/config.ts';
import { readJobSettings, readStoreSettings } from '../../shared/runtime/config-cluster.ts';
import { readOpaSetting } from '../../shared/runtime/config-policies.ts';
import { temporaryFolder } from '../support/cli-folder.ts';

type Environment = Readonly<Record<string, string>>;

const readAll = (environment: Environment) => ({
  ...readStoreSettings({ HOME: '/nobody', ...environment }),
  ...readJobSettings(readStoreSettings(environment).kind, environment),
  ...readScope(environment),
  ...readServerSettings(environment),
  ...readRuntimeSettings(environment),
});

const BUS_ARN = 'arn:aws:events:eu-central-1:123456789012:event-bus/scans';
const QUEUE = 'https://sqs.eu-central-1.amazonaws.com/123456789012/events';

/** Settings that fail unless others are set too. */
const BESIDE: Environment = { AUTH: 'none' };

describe('the settings', () => {
  it('are these when nothing is set', () => {
    expect(readAll({})).toStrictEqual({
      kind: 'embedded',
      path: '.data/scans.db',
      maximum: 100_000,
      kubeconfigs: [],
      readsJobs: false,
      readsPods: false,
      group: 'scanning.apps.tanzu.vmware.com',
      kinds: new Set(['SourceScan', 'ImageScan']),
      port: 8_080,
      host: '127.0.0.1',
      isLoopback: true,
      cluster: 'local',
      isOpen: false,
      logLevel: 'info',
    });
  });

  it('count as not set when they are empty', () => {
    const names = ['SCAN_STORE', 'SCAN_STORE_PATH', 'SCAN_STORE_MAX', 'SCAN_GROUP', 'SCAN_KINDS', 'SCAN_NAMESPACES'];
    const others = [
      'PORT',
      'HOST',
      'AUTH',
      'AUTH_CONFIG',
      'K_SINK',
      'SCAN_CLUSTER',
      'LOG_LEVEL',
      'JOB_FACTS',
      'POD_DETAILS',
    ];
    const outputs = ['EVENT_BUS_NAME', 'EVENT_QUEUE_URL'];
    const cluster = ['KUBECONFIG', 'EKS_CLUSTER_NAME', 'EKS_ENDPOINT', 'EKS_CA'];
    const empty = Object.fromEntries([...names, ...others, ...outputs, ...cluster].map((name) => [name, '']));
    expect(readAll(empty)).toStrictEqual(readAll({}));
    expect(readAlertsSetting({ ALERTS_CONFIG: '' })).toBeUndefined();
  });

  it('ask a cluster about Jobs and pods where there is one', () => {
    const environment = { SCAN_STORE: 'kubernetes', JOB_FACTS: 'jobs', POD_DETAILS: 'true' };
    expect(readAll(environment)).toMatchObject({ kind: 'kubernetes', readsJobs: true, readsPods: true });
  });

  it('are none of the variables that are not theirs', () => {
    expect(readAll({ PATH: '/bin', HOSTNAME: 'somewhere', port: '1' })).toStrictEqual(readAll({}));
  });

  it.each<[variable: string, value: string, read: object]>([
    ['PORT', '0', { port: 0 }],
    ['PORT', '65535', { port: 65_535 }],
    ['HOST', 'localhost', { host: 'localhost', isLoopback: true }],
    ['HOST', '::1', { host: '::1', isLoopback: true }],
    ['HOST', '127.8.9.10', { host: '127.8.9.10', isLoopback: true }],
    ['AUTH', 'none', { host: '127.0.0.1', isOpen: true }],
    ['SCAN_STORE', 'embedded', { path: '.data/scans.db' }],
    ['SCAN_STORE', 'kubernetes', { kind: 'kubernetes' }],
    ['KUBECONFIG', '/a/config:/b:', { kubeconfigs: ['/a/config', '/b'] }],
    ['POD_DETAILS', 'false', {}],
    ['SCAN_STORE_PATH', ':memory:', { path: ':memory:' }],
    ['SCAN_STORE_PATH', '/var/lib/my scans.db', { path: '/var/lib/my scans.db' }],
    ['SCAN_STORE_MAX', '1', { maximum: 1 }],
    ['SCAN_STORE_MAX', '10000000', { maximum: 10_000_000 }],
    ['SCAN_GROUP', 'scans.example', { group: 'scans.example' }],
    ['SCAN_KINDS', 'ImageScan', { kinds: new Set(['ImageScan']) }],
    ['SCAN_KINDS', ' A, B,,C\nD ', { kinds: new Set(['A', 'B', 'C', 'D']) }],
    ['SCAN_NAMESPACES', 'team-a,team-b', { namespaces: new Set(['team-a', 'team-b']) }],
    ['SCAN_CLUSTER', 'prod_eu-1.example', { cluster: 'prod_eu-1.example' }],
    ['K_SINK', 'http://broker.example/a?b=c', { sink: 'http://broker.example/a?b=c' }],
    ['K_SINK', 'https://broker.example', { sink: 'https://broker.example' }],
    ['EVENT_BUS_NAME', 'default', { bus: 'default' }],
    ['EVENT_BUS_NAME', BUS_ARN, { bus: BUS_ARN }],
    ['EVENT_QUEUE_URL', QUEUE, { queue: QUEUE }],
    [
      'EVENT_QUEUE_URL',
      'http://localhost:9324/000000000000/events.fifo',
      { queue: 'http://localhost:9324/000000000000/events.fifo' },
    ],
    ['JOB_FACTS', 'events', {}],
    ...['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].map((level): [string, string, object] => [
      'LOG_LEVEL',
      level,
      { logLevel: level },
    ]),
  ])('may have %s=%s', (variable, value, read) => {
    expect(readAll({ [variable]: value })).toStrictEqual({ ...readAll({}), ...read });
  });

  it.each<[variable: string, value: string, problem: RegExp]>([
    ['PORT', 'x', /a whole number from 0 to 65535/],
    ['PORT', '65536', /from 0 to 65535/],
    ['PORT', '-1', /from 0 to 65535/],
    ['PORT', '80.5', /a whole number/],
    ['PORT', '1e3', /a whole number/],
    ['PORT', ' 80', /a whole number/],
    ['AUTH', 'basic', /none/],
    ['SCAN_STORE', 'etcd', /embedded or kubernetes/],
    ['SCAN_STORE_MAX', '0', /from 1 to 10000000/],
    ['SCAN_STORE_MAX', '10000001', /from 1 to 10000000/],
    ['SCAN_STORE_MAX', 'many', /a whole number/],
    ['SCAN_GROUP', 'Scans/v1', /API group/],
    ['SCAN_KINDS', ' , ', /at least one/],
    ['SCAN_NAMESPACES', ',', /at least one/],
    ['SCAN_CLUSTER', 'my cluster', /name/],
    ['SCAN_CLUSTER', 'x'.repeat(254), /name/],
    ['K_SINK', 'broker', /URL/],
    ['K_SINK', 'ftp://broker.example', /http/],
    ['K_SINK', 'https://me:secret@broker.example', /must not hold a password/],
    ['EVENT_BUS_NAME', 'my bus', /name or the ARN of an event bus/],
    ['EVENT_BUS_NAME', 'arn:aws:sqs:eu-central-1:123456789012:events', /name or the ARN of an event bus/],
    ['EVENT_BUS_NAME', 'x'.repeat(1_601), /too long/],
    ['EVENT_QUEUE_URL', 'events', /URL/],
    ['EVENT_QUEUE_URL', 'arn:aws:sqs:eu-central-1:123456789012:events', /http/],
    ['EVENT_QUEUE_URL', 'https://sqs.eu-central-1.amazonaws.com/events', /account and name/],
    ['EVENT_QUEUE_URL', `${QUEUE}?a=b`, /account and name/],
    ['EVENT_QUEUE_URL', 'https://me:secret@sqs.example/123456789012/events', /must not hold a password/],
    ['LOG_LEVEL', 'loud', /one of trace, debug/],
    ['LOG_LEVEL', 'INFO', /one of trace, debug/],
    ['JOB_FACTS', 'yes', /events or jobs/],
    ['JOB_FACTS', 'jobs', /SCAN_STORE=kubernetes/],
    ['POD_DETAILS', 'on', /true or false/],
    ['POD_DETAILS', 'true', /SCAN_STORE=kubernetes/],
    ['EKS_ENDPOINT', 'http://api.example', /an https URL/],
    ['EKS_ENDPOINT', 'api.example', /URL/],
    ['EKS_ENDPOINT', 'https://me:secret@api.example', /password/],
    ['EKS_CA', 'not base64', /base64/],
    ['EKS_CA', btoa('no certificate'), /a PEM certificate in base64/],
    ['EKS_CA', btoa(`-----BEGIN CERTIFICATE-----${'x'.repeat(65_536)}`), /too long/],
    ...['-prod', 'prod/../other', 'prod\n', 'prod prod', 'prød', 'p'.repeat(101)].map(
      (name): [string, string, RegExp] => ['EKS_CLUSTER_NAME', name, /the name of an EKS cluster/],
    ),
    ['AUTH_CONFIG', 'auth.yaml', /beside AUTH=none/],
  ])('may not have %s=%s, and say so in one line that starts with its name', (variable, value, problem) => {
    const read = () => readAll({ ...BESIDE, [variable]: value });
    expect(read).toThrow(WrongSetting);
    expect(read).toThrow(new RegExp(`^${variable}: [^\\n]*${problem.source}[^\\n]*$`));
  });

  it.each<[name: string, other: string]>([
    ['EVENT_BUS_NAME', 'K_SINK'],
    ['EVENT_QUEUE_URL', 'K_SINK'],
    ['EVENT_QUEUE_URL', 'EVENT_BUS_NAME'],
  ])('may not have %s beside %s: there is one output', (name, other) => {
    const outputs: Environment = { K_SINK: 'http://broker.example', EVENT_BUS_NAME: 'default', EVENT_QUEUE_URL: QUEUE };
    const both = Object.fromEntries([name, other].map((variable) => [variable, outputs[variable] ?? '']));
    expect(() => readRuntimeSettings(both)).toThrow(WrongSetting);
    expect(() => readRuntimeSettings(both)).toThrow(
      new RegExp(`^${name}: must not be set beside ${other}: events have one output$`),
    );
    expect(readRuntimeSettings({ ...both, [other]: '' })).toStrictEqual(readRuntimeSettings({ [name]: both[name] }));
  });

  it.each(['0.0.0.0', '::', '10.1.2.3', '127.0.0.1.evil.example', 'scans.example', '127.1'])(
    'let strangers reach %s only where somebody says that they may, or who may',
    (HOST) => {
      expect(() => readServerSettings({ HOST })).toThrow(/^HOST: .*AUTH_CONFIG.*AUTH=none/);
      for (const said of [{ AUTH: 'none' }, { AUTH_CONFIG: 'auth.yaml' }])
        expect(readServerSettings({ HOST, ...said })).toMatchObject({ host: HOST, isLoopback: false });
    },
  );
});

describe('an EKS cluster', () => {
  const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  const CLUSTER: Environment = { EKS_CLUSTER_NAME: 'prod_eu-1', AWS_REGION: 'eu-central-1' };
  const eksOf = (environment: Environment) => readStoreSettings({ HOME: '/nobody', ...CLUSTER, ...environment }).eks;

  it('is named, and then no kubeconfig is read, whoever names one', () => {
    const settings = readStoreSettings({ ...CLUSTER, KUBECONFIG: '/a/config' });
    expect(settings.kubeconfigs).toEqual([]);
    expect(settings.eks).toStrictEqual({ cluster: 'prod_eu-1', region: 'eu-central-1', isFips: false, urls: {} });
    expect(readStoreSettings({ KUBECONFIG: '/a/config', AWS_REGION: 'eu-central-1' })).not.toHaveProperty('eks');
  });

  it.each<[what: string, environment: Environment, read: object]>([
    ['in another region', { AWS_REGION: 'us-gov-west-1', AWS_DEFAULT_REGION: 'us-x' }, { region: 'us-gov-west-1' }],
    ['in the usual region', { AWS_REGION: '', AWS_DEFAULT_REGION: 'cn-north-1' }, { region: 'cn-north-1' }],
    ['with FIPS', { AWS_USE_FIPS_ENDPOINT: 'true' }, { isFips: true }],
    [
      'at an AWS of its own',
      { AWS_ENDPOINT_URL: 'http://aws:1' },
      { urls: { sts: 'http://aws:1', eks: 'http://aws:1' } },
    ],
    [
      'at an EKS of its own',
      { AWS_ENDPOINT_URL: 'http://aws:1', AWS_ENDPOINT_URL_EKS: 'https://eks:2' },
      { urls: { sts: 'http://aws:1', eks: 'https://eks:2' } },
    ],
    ['at an STS of its own', { AWS_ENDPOINT_URL_STS: 'https://sts:3' }, { urls: { sts: 'https://sts:3' } }],
    [
      'at an endpoint that is known',
      { EKS_ENDPOINT: 'https://api.example', EKS_CA: btoa(PEM) },
      { server: { endpoint: 'https://api.example', ca: PEM } },
    ],
  ])('may be %s', (_, environment, read) => {
    expect(eksOf(environment)).toStrictEqual({ ...eksOf({}), ...read });
  });

  it.each<[variable: string, environment: Environment, problem: RegExp]>([
    ['AWS_REGION', { AWS_REGION: '' }, /must be set where EKS_CLUSTER_NAME is/],
    ['AWS_REGION', { AWS_REGION: 'eu-central-1.evil.example/' }, /the name of a region/],
    ['AWS_DEFAULT_REGION', { AWS_REGION: '', AWS_DEFAULT_REGION: 'EU' }, /the name of a region/],
    ['AWS_USE_FIPS_ENDPOINT', { AWS_USE_FIPS_ENDPOINT: 'yes' }, /true or false/],
    ['AWS_ENDPOINT_URL_STS', { AWS_ENDPOINT_URL_STS: 'sts' }, /http or https URL/],
    ['EKS_CA', { EKS_ENDPOINT: 'https://api.example' }, /must be set where EKS_ENDPOINT is/],
    ['EKS_ENDPOINT', { EKS_CA: btoa(PEM) }, /must be set where EKS_CA is/],
    [
      'EKS_CLUSTER_NAME',
      { EKS_CLUSTER_NAME: '', EKS_ENDPOINT: 'https://api.example', EKS_CA: btoa(PEM) },
      /must be set/,
    ],
  ])('needs a right %s', (variable, environment, problem) => {
    const read = () => eksOf(environment);
    expect(read).toThrow(WrongSetting);
    expect(read).toThrow(new RegExp(`^${variable}: [^\\n]*${problem.source}[^\\n]*$`));
  });
});

describe('the working folder', () => {
  it("is where npm was called, else the process's own", () => {
    expect(workingFolder('replay', { INIT_CWD: '/home/me', npm_lifecycle_event: 'replay' })).toBe('/home/me');
    expect(workingFolder('replay', { INIT_CWD: '/home/me', npm_lifecycle_event: 'test' })).toBe(process.cwd());
    expect(workingFolder('replay', {})).toBe(process.cwd());
    expect(workingFolder('replay', { npm_lifecycle_event: 'replay' })).toBe(process.cwd());
  });
});

describe('the compiler of policies', () => {
  const folder = temporaryFolder();

  it('is what OPA_BIN names, else the first of the PATH, else left to the system', () => {
    const [empty, first, second] = ['empty', 'first', 'second'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const place of [empty, first, second]) mkdirSync(place);
    for (const place of [first, second]) writeFileSync(join(place, 'opa'), '');
    const PATH = ['', empty, first, second].join(delimiter);
    expect(readOpaSetting({ PATH, OPA_BIN: '/opt/opa' })).toBe('/opt/opa');
    // A program is started in another folder.
    expect(readOpaSetting({ PATH, OPA_BIN: 'bin/opa' })).toBe(join(process.cwd(), 'bin/opa'));
    expect(readOpaSetting({ PATH, OPA_BIN: '' })).toBe(join(first, 'opa'));
    expect(readOpaSetting({ PATH: empty })).toBe('opa');
    expect(readOpaSetting({})).toBe('opa');
  });
});
