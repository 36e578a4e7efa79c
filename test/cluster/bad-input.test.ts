/** What keeps the functions from a cluster: told in a line that says what to do, and mended without a restart. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import type { ScanRef } from '../../shared/conditions/facts.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { type Answer, get, send } from '../support/http-client.ts';
import { startedEvent, structured } from '../support/http-messages.ts';
import { writeKubeconfig } from '../support/kubeconfigs.ts';
import { type ServerProcess, serverProcesses } from '../support/server-process.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { createScan, foreignPath, installForeign, newGroup } from './support/foreign-crds.ts';
import { eventually, GROUP, install, newNamespace, SPECS, tokenOf } from './support/scans.ts';

/** The machine may be busy. */
jest.setTimeout(60_000);

const admin = apiOf(cluster());
const spawn = serverProcesses();
const folder = temporaryFolder();
let files = 0;

const newFile = (): string => {
  files += 1;
  return join(folder, `config-${files}`);
};

/** A kubeconfig that works, of the administrator unless told otherwise. */
const writeGood = (file: string, token = cluster().token): string =>
  writeKubeconfig(file, { server: cluster().url, ca: cluster().ca, user: { token } });

const detailOf = ({ body }: Answer): string => JSON.parse(body).detail;

/** Posts the event as a sender does, who keeps it as long as he is told to come again. */
const deliver = async ({ url }: ServerProcess, event: JsonObject): Promise<Answer> => {
  let answer: Answer | undefined;
  await eventually(async () => {
    answer = await send(url, structured(event, '/job-started'));
    return answer.status !== 503;
  });
  return answer as Answer;
};

interface Trouble {
  readonly functions: ServerProcess;
  readonly event: JsonObject;
  /** What the operator and the probe are told. */
  readonly ready: RegExp;
  /** What the sender of an event is told. */
  readonly answered?: RegExp;
}

/** The trouble is told in one line in the log and by the probe, and the event is kept by its sender. */
const expectTrouble = async ({ functions, event, ready, answered = ready }: Trouble): Promise<void> => {
  const logged = await functions.until(() => functions.lines.find(({ msg }) => msg === 'not ready'));
  expect(logged).toMatchObject({ level: 40, why: expect.stringMatching(ready) });
  const probe = await get(functions.url, '/readyz');
  expect({ status: probe.status, detail: detailOf(probe) }).toEqual({ status: 503, detail: logged.why });
  expect((await get(functions.url, '/healthz')).status).toBe(200);

  const refused = await send(functions.url, structured(event, '/job-started'));
  expect(refused.status).toBe(503);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  const [named, told] = detailOf(refused).split(/(?<=^event "event-1"): /);
  expect(named).toBe('event "event-1"');
  expect(told).toMatch(answered);
  expect(refused.body).toMatch(/^[\x20-\x7e]+$/);
};

/** The very event that was refused is applied, and the probe is content, both in the same process. */
const expectMended = async (functions: ServerProcess, event: JsonObject, path: string): Promise<void> => {
  expect(await deliver(functions, event)).toMatchObject({ status: 200 });
  await eventually(async () => (await get(functions.url, '/readyz')).status === 200);
  const { status } = (await admin.get(path)).body;
  expect(status).toMatchObject({ conditions: [{ type: 'Scanning', status: 'True' }] });
};

const pathOf = (group: string, { kind, namespace, name }: ScanRef): string =>
  `${foreignPath(group, kind, namespace)}/${name}`;

const newScan = async (group = GROUP): Promise<ScanRef> => {
  const namespace = await newNamespace(admin, 'trouble');
  return createScan(admin, group, { kind: 'ImageScan', namespace, name: 'image' }, SPECS.ImageScan);
};

describe('a kubeconfig', () => {
  const nowhere = (file: string) => void writeKubeconfig(file, { server: 'https://127.0.0.1:1', ca: cluster().ca });
  const text = (content: string) => (file: string) => writeFileSync(file, content);

  it.each<[what: string, write: (file: string) => void, told: RegExp]>([
    [
      'that is missing',
      () => {},
      /config-\d+ cannot be used \(.*no such file.*\); set KUBECONFIG to a kubeconfig that works$/,
    ],
    [
      'that is no YAML',
      text('clusters: ['),
      /config-\d+ cannot be used \(.+\); set KUBECONFIG to a kubeconfig that works$/,
    ],
    ['that is another file', text('Hello'), /config-\d+ cannot be used \(it is no kubeconfig\); set KUBECONFIG/],
    ['that is empty', text(''), /config-\d+ cannot be used \(it is no kubeconfig\); set KUBECONFIG/],
    [
      'whose context is missing',
      text('{"clusters": [], "users": []}'),
      /config-\d+ cannot be used \(.+\); set KUBECONFIG/,
    ],
    [
      'that points nowhere',
      nowhere,
      /^https:\/\/127.0.0.1:1 cannot be reached \(ECONNREFUSED\); look at .*config-\d+$/,
    ],
    [
      'with a token that the server does not know',
      (file) => void writeGood(file, 'forgotten'),
      /^the API server does not know this account; look at its token or kubeconfig$/,
    ],
  ])('%s is told as such, and may be mended', async (_, write, ready) => {
    const scan = await newScan();
    const event = startedEvent({ ...scan });
    const file = newFile();
    write(file);
    const functions = await spawn({ SCAN_STORE: 'kubernetes', KUBECONFIG: file, SCAN_NAMESPACES: scan.namespace });
    await expectTrouble({ functions, event, ready });
    writeGood(file);
    await expectMended(functions, event, pathOf(GROUP, scan));
  });
});

describe('a cluster', () => {
  const crd = (group: string) => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/imagescans.${group}`;
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  /** Whether the API server serves the kind; what it holds of it stays. */
  const setServed = async (group: string, served: boolean): Promise<void> => {
    const { spec } = (await admin.get(crd(group))).body as {
      readonly spec: { readonly versions: readonly JsonObject[] };
    };
    await admin.patch(crd(group), { spec: { versions: spec.versions.map((version) => ({ ...version, served })) } });
    const code = served ? 200 : 404;
    await eventually(async () => (await admin.get(foreignPath(group, 'ImageScan', 'default'))).code === code);
  };

  it('without the CRDs is told as such, and may get them', async () => {
    const group = newGroup();
    const scan = { kind: 'ImageScan', namespace: await newNamespace(admin, 'trouble'), name: 'image', uid: 'none-yet' };
    const environment = { SCAN_GROUP: group, SCAN_NAMESPACES: scan.namespace };
    const functions = await spawn({ SCAN_STORE: 'kubernetes', KUBECONFIG: cluster().kubeconfig, ...environment });
    const ready = /^the API server does not know this kind of object; install its CRD \(infra\/crds\)$/;
    await expectTrouble({ functions, event: startedEvent(scan), ready });
    await installForeign(admin, group, anything);
    const created = await createScan(admin, group, scan);
    await expectMended(functions, startedEvent({ ...created }), pathOf(group, created));
    // It was about a scan that there never was.
    expect(await deliver(functions, startedEvent(scan))).toMatchObject({ status: 204 });
  });

  it('that serves but one of the kinds is told as such, and the event of the other is kept', async () => {
    const group = newGroup();
    await installForeign(admin, group, anything);
    const scan = await newScan(group);
    await setServed(group, false);
    const environment = { SCAN_GROUP: group, SCAN_NAMESPACES: scan.namespace };
    const functions = await spawn({ SCAN_STORE: 'kubernetes', KUBECONFIG: cluster().kubeconfig, ...environment });
    await expectTrouble({
      functions,
      event: startedEvent({ ...scan }),
      ready: /^the API server does not know ImageScan of .*; install infra\/crds$/,
      answered: /^the API server does not know this kind of object; install its CRD \(infra\/crds\)$/,
    });
    await setServed(group, true);
    await expectMended(functions, startedEvent({ ...scan }), pathOf(group, scan));
  });
});

describe('an account', () => {
  it('without rights is told as such, and may get them', async () => {
    await install('rbac/accounts');
    const scan = await newScan();
    const file = writeGood(newFile(), await tokenOf('job-started', 'scan-status'));
    const functions = await spawn({ SCAN_STORE: 'kubernetes', KUBECONFIG: file, SCAN_NAMESPACES: scan.namespace });
    const event = startedEvent({ ...scan });
    await expectTrouble({
      functions,
      event,
      ready: /^this account may not get sourcescans in .*; apply infra\/rbac$/,
      answered: /^the API server refuses this account; give it the rights of infra\/rbac$/,
    });
    await install('rbac/namespace', '-n', scan.namespace);
    await expectMended(functions, event, pathOf(GROUP, scan));
  });
});
