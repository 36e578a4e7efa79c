/** Logs of finished Jobs' pods: which pod's, how much of it, and what is no log although it looks like one. */
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { kubernetesPodLogs, LogTooLong, type PodLog } from '../../shared/scans/pod-logs.ts';
import { type ApiAnswer, failure } from '../support/api-objects.ts';
import { type ApiServer, type ApiServerSettings, apiServers } from '../support/api-server.ts';
import { kubernetesStores } from '../support/kubernetes-stores.ts';

const serve = apiServers();
const open = kubernetesStores();

const JOB = '0c5b7c3e-5d1f-4a09-9b5c-0d6d0f0a1b2c';
const MAXIMUM = 64 * 2 ** 20;

interface PodSaid {
  readonly phase?: string;
  /** Where the container of this name ended. */
  readonly ended?: Readonly<Record<string, string>>;
  readonly init?: Readonly<Record<string, string>>;
  readonly owner?: JsonObject;
  readonly label?: string;
}

const statusesOf = (ended: Readonly<Record<string, string>>): readonly JsonObject[] =>
  Object.entries(ended).map(([name, finishedAt]) => ({
    name,
    state: finishedAt === '' ? { running: {} } : { terminated: { exitCode: 0, finishedAt } },
  }));

const LATER = '2026-11-23T06:00:00Z';
const EARLIER = '2026-11-23T05:00:00Z';

const putPod = ({ objects }: ApiServer, name: string, said: PodSaid = {}): void => {
  const { phase = 'Succeeded', ended = { scanner: LATER }, init = {}, owner = { uid: JOB, controller: true } } = said;
  const labels = { 'batch.kubernetes.io/controller-uid': said.label ?? JOB };
  objects.put('pods', {
    metadata: { namespace: 'team', name, uid: name, labels, ...{ ownerReferences: [owner] } },
    spec: { nodeName: 'node-1' },
    status: { phase, containerStatuses: statusesOf(ended), initContainerStatuses: statusesOf(init) },
  });
};

const textLog = (text: string) => (): ApiAnswer => ({ status: 200, body: text });

const read = (server: ApiServer, container = 'scanner', maximum = MAXIMUM): Promise<PodLog | undefined> =>
  kubernetesPodLogs(open(server).connection).read('team', JOB, container, maximum);

const textOf = async (log: Promise<PodLog | undefined>): Promise<string | undefined> => {
  const found = await log;
  return found && Buffer.from(found.bytes).toString();
};

/** A server with one pod, whose log is this. */
const serveLog = async (log: NonNullable<ApiServerSettings['log']>): Promise<ApiServer> => {
  const server = await serve({ log });
  putPod(server, 'scan-a');
  return server;
};

describe('a log', () => {
  it('is that of the container that is asked for', async () => {
    const server = await serve({ log: (pod, { container }) => ({ status: 200, body: `${pod} ${container}` }) });
    putPod(server, 'scan-a', { ended: { scanner: LATER, summary: LATER }, init: { prepare: EARLIER } });
    for (const container of ['scanner', 'summary', 'prepare'])
      expect(await textOf(read(server, container))).toBe(`scan-a ${container}`);
  });

  it('comes byte for byte, whatever it holds', async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 0xc3, 0x28, 0x0d, 0x0a, ...Buffer.from('é🦀{"a":1}')]);
    const server = await serveLog(() => ({ status: 200, body: bytes }));
    expect(await read(server)).toEqual({ bytes, mayBeCut: false });
    // A text that is JSON as a whole stays the text it is.
    const spaced = await serveLog(textLog('{ "b":2,  "a":1.0 }'));
    expect(await textOf(read(spaced))).toBe('{ "b":2,  "a":1.0 }');
  });

  it('may be empty', async () => {
    expect(await textOf(read(await serveLog(textLog(''))))).toBe('');
  });

  it('of 60 MiB is read', async () => {
    const bytes = Buffer.alloc(60 * 2 ** 20, 'x');
    const found = await read(await serveLog(() => ({ status: 200, body: bytes })));
    expect(found?.bytes.length).toBe(bytes.length);
    expect(Buffer.compare(found?.bytes ?? Buffer.of(), bytes)).toBe(0);
  });

  it.each([
    [10 * 2 ** 20 + 1, true],
    [10 * 2 ** 20 - 100_000, true],
    [9 * 2 ** 20, false],
  ])('of %i bytes may be cut: %s', async (length, mayBeCut) => {
    const server = await serveLog(() => ({ status: 200, body: Buffer.alloc(length, 'x') }));
    expect((await read(server))?.mayBeCut).toBe(mayBeCut);
  });
});

describe('a log that is too long', () => {
  const limited = (length: number) => (_: string, query: Readonly<Record<string, string>>) => ({
    status: 200,
    body: Buffer.alloc(Math.min(length, Number(query.limitBytes)), 'x'),
  });

  it('is an error that says so, and one that just fits is not', async () => {
    expect((await read(await serveLog(limited(1_000)), 'scanner', 1_000))?.bytes.length).toBe(1_000);
    const tooLong = read(await serveLog(limited(1_001)), 'scanner', 1_000);
    await expect(tooLong).rejects.toThrow('the log of container scanner is longer than 1000 bytes');
    await expect(tooLong).rejects.toThrow(LogTooLong);
  });

  it('is noticed where the server sends fewer bytes than it is asked for', async () => {
    const sparing = (_: string, { limitBytes }: Readonly<Record<string, string>>) => ({
      status: 200,
      body: Buffer.alloc(Number(limitBytes) - 60_000, 'x'),
    });
    await expect(read(await serveLog(sparing), 'scanner', 100_000)).rejects.toThrow(LogTooLong);
  });

  it('is left as soon as it is too long, and the next request is served', async () => {
    const server = await serveLog(textLog('x'.repeat(1_000_000)));
    const logs = kubernetesPodLogs(open(server).connection);
    // Half of it comes, and then nothing more.
    server.trouble(({ path }) => (path.endsWith('/log') ? 'stall' : undefined));
    await expect(logs.read('team', JOB, 'scanner', 1_000)).rejects.toThrow(LogTooLong);
    server.trouble(() => undefined);
    expect((await logs.read('team', JOB, 'scanner', 1_000_000))?.bytes.length).toBe(1_000_000);
  });
});

describe('the pod', () => {
  const named = { log: (pod: string) => ({ status: 200, body: pod }) };

  it.each<[what: string, pods: Readonly<Record<string, PodSaid>>, expected: string | undefined]>([
    ['is the one that succeeded', { failed: { phase: 'Failed' }, good: {}, other: { phase: 'Running' } }, 'good'],
    [
      'is the one that ended last',
      { a: { ended: { scanner: EARLIER } }, b: {}, c: { ended: { scanner: EARLIER } } },
      'b',
    ],
    ['has the greater name where two ended at once', { b: {}, c: {}, a: {} }, 'c'],
    ['has ended', { a: { ended: { scanner: '' } } }, undefined],
    ['has the container', { a: { ended: { other: LATER } } }, undefined],
    ['succeeded', { a: { phase: 'Failed' } }, undefined],
    [
      'is controlled by the Job, whatever its label says',
      { a: { owner: { uid: 'other', controller: true } } },
      undefined,
    ],
    ['is not only owned by the Job', { a: { owner: { uid: JOB, controller: false } } }, undefined],
    ['carries the label', { a: { label: 'other' } }, undefined],
    ['exists', {}, undefined],
  ])('%s', async (_, pods, expected) => {
    const server = await serve(named);
    for (const [name, said] of Object.entries(pods)) putPod(server, name, said);
    expect(await textOf(read(server))).toBe(expected);
    expect(server.asked.some(({ path }) => path.endsWith('/log'))).toBe(expected !== undefined);
  });

  it('is not looked for where the uid is none that a label can hold', async () => {
    const server = await serve(named);
    const logs = kubernetesPodLogs(open(server).connection);
    for (const uid of ['', 'a,b', '-a', 'a'.repeat(64), '../x'])
      expect(await logs.read('team', uid, 'scanner', MAXIMUM)).toBeUndefined();
    expect(server.asked).toEqual([]);
  });
});

describe('no log', () => {
  it.each<[what: string, answer: ApiAnswer]>([
    ['the pod went meanwhile', failure(404, 'NotFound', 'pods "scan-a" not found', 'scan-a')],
    ['its node went', failure(404, 'NotFound', 'nodes "node-1" not found', 'node-1')],
    ['the kubelet has no such container', failure(400, 'BadRequest', 'container "scanner" is not available')],
    [
      'the kubelet lost it, and says so as if it were one',
      { status: 200, body: 'unable to retrieve container logs for containerd://5f0a' },
    ],
    [
      'its file was removed',
      { status: 200, body: 'failed to try resolving symlinks in path "/var/log/pods/team_scan-a/scanner/0.log"' },
    ],
  ])('is there where %s', async (_, answer) => {
    expect(await read(await serveLog(() => answer))).toBeUndefined();
  });

  it('is what a log is taken for that only speaks of lost ones', async () => {
    const text = `unable to retrieve container logs for ${'x'.repeat(2_000)}`;
    expect(await textOf(read(await serveLog(textLog(text))))).toBe(text);
  });
});

describe('a server that cannot answer now', () => {
  it.each<[what: string, answer: ApiAnswer, problem: string]>([
    ['cannot reach the kubelet', failure(500, 'InternalError', 'dial tcp: refused'), 'the API server answered 500'],
    ['refuses the account', failure(403, 'Forbidden', 'no'), 'the API server refuses this account'],
    ['is a proxy', { status: 400, body: 'Client sent an HTTP request to an HTTPS server.' }, 'answered 400'],
    [
      'is something else',
      { status: 404, body: '404 page not found' },
      'the API server does not know this kind of object',
    ],
  ])('makes the event wait: it %s', async (_, answer, problem) => {
    const reading = read(await serveLog(() => answer));
    await expect(reading).rejects.toMatchObject({ name: 'Unavailable', message: expect.stringContaining(problem) });
  });

  it('is asked again where the answer was lost', async () => {
    const server = await serveLog(textLog('whole'));
    let lost = 0;
    server.trouble(({ path }) => {
      if (!path.endsWith('/log') || lost === 2) return undefined;
      lost += 1;
      return 'cut before';
    });
    expect(await textOf(read(server))).toBe('whole');
    server.trouble(({ path }) => (path.endsWith('/log') ? 'cut before' : undefined));
    await expect(read(server)).rejects.toMatchObject({
      name: 'Unavailable',
      message: 'the API server does not answer',
    });
  });
});
