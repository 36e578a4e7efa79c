/** The commands on an API server: what they show and write, and what they say where it is not to be had. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { describeStatus } from '../../cli/describe-status.ts';
import type { ScanRef } from '../../shared/conditions/facts.ts';
import type { KubernetesObject } from '../support/api-objects.ts';
import { type ApiServer, type ApiServerSettings, apiServers } from '../support/api-server.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { finishedEvent, startedEvent } from '../support/cli-records.ts';
import { type Ended, runCommand } from '../support/cli-run.ts';
import { get, listScans, send } from '../support/http-client.ts';
import { writeKubeconfig } from '../support/kubeconfigs.ts';
import { putScans, resourceOf, scanObject, statusOf } from '../support/kubernetes-stores.ts';
import { recordedFile } from '../support/recorded.ts';
import { serverProcesses } from '../support/server-process.ts';

// Processes start slowly where the machine is busy.
jest.setTimeout(30_000);

const serve = apiServers();
const spawn = serverProcesses();
const folder = temporaryFolder();

const CART: ScanRef = { kind: 'ImageScan', namespace: 'shop', name: 'cart', uid: 'uid-of-cart' };
const STARTED = startedEvent({ at: '2025-11-23T06:00:00Z' });
const FINISHED = finishedEvent({ at: '2025-11-23T06:01:00Z' });

let files = 0;
const freshPath = (): string => {
  files += 1;
  return join(folder, `file-${files}`);
};
const archive = (...events: readonly object[]): string => {
  const file = freshPath();
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return file;
};

const configure = ({ url, ca }: ApiServer, file = freshPath()): string => writeKubeconfig(file, { server: url, ca });

const serveCart = async (settings: ApiServerSettings = {}): Promise<ApiServer> => {
  const server = await serve({ tls: true, ...settings });
  putScans(server, CART);
  return server;
};

type Arguments = readonly string[];

const inCluster = (kubeconfig: string, command: 'describe' | 'replay', ...args: Arguments): Promise<Ended> =>
  runCommand(command, args, { env: { SCAN_STORE: 'kubernetes', KUBECONFIG: kubeconfig } });

describe('describe, of an API server', () => {
  it('prints what the scan says there', async () => {
    const server = await serveCart();
    const status = { phase: 'Completed', theirs: { a: 1 }, conditions: [{ type: 'Scanning', status: 'False' }] };
    server.objects.put('imagescans', scanObject(CART, { status }));
    expect(await inCluster(configure(server), 'describe', 'imagescan', 'shop/cart')).toEqual({
      status: 0,
      stdout: describeStatus(status),
      stderr: '',
    });
    expect(server.asked.map(({ method }) => method)).toEqual(['GET']);
  });

  it('says so where there is no such scan', async () => {
    const server = await serveCart();
    expect(await inCluster(configure(server), 'describe', 'sourcescan', 'shop/cart')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'SourceScan shop/cart: there is no such scan\n',
    });
  });
});

describe('replay, into an API server', () => {
  it('writes what the events tell of the scans that are there', async () => {
    const server = await serve({ tls: true });
    const scans: readonly (KubernetesObject & { readonly kind: string })[] = JSON.parse(
      readFileSync(recordedFile('scans.json'), 'utf8'),
    ).items;
    for (const { status: _, ...scan } of scans) server.objects.put(resourceOf(scan.kind), scan);
    putScans(server, CART);
    const recorded = archive(STARTED, FINISHED, startedEvent({ name: 'gone', at: '2025-11-23T06:00:00Z' }), STARTED);
    const args = [recorded, '--apply', '--store', 'kubernetes', '-o', 'json', '--scan', 'shop/cart'];
    const env = { KUBECONFIG: configure(server), SCAN_STORE_PATH: join(folder, 'unused.db') };
    const ended = await runCommand('replay', args, { env });
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const report = JSON.parse(ended.stdout);
    expect(report.summary).toMatchObject({ applied: 2, duplicate: 1, superseded: 0 });
    expect(report.scans).toMatchObject([{ name: 'cart', uid: CART.uid, status: { phase: 'Completed' } }]);
    expect(statusOf(server, CART)).toEqual(report.scans[0].status);
    const again = await runCommand('replay', args, { env });
    expect(JSON.parse(again.stdout).summary).toMatchObject({ applied: 0, duplicate: 3 });
    expect(JSON.parse(again.stdout).scans).toEqual(report.scans);
    const others = await runCommand('replay', [recorded, '--apply', '--store', 'kubernetes', '-o', 'json'], { env });
    expect(JSON.parse(others.stdout).summary).toMatchObject({ duplicate: 3, superseded: 1 });
  });

  it('asks nobody without --apply', async () => {
    const ended = await inCluster(join(folder, 'absent'), 'replay', archive(STARTED));
    expect(ended).toMatchObject({ status: 0, stderr: '' });
  });
});

const BROKEN: readonly { what: string; kubeconfig: () => string; line: RegExp }[] = [
  {
    what: 'is missing',
    kubeconfig: () => join(folder, 'absent'),
    line: /^\S+absent cannot be used \(ENOENT.*\); set KUBECONFIG to a kubeconfig that works\n$/,
  },
  {
    what: 'is no YAML',
    kubeconfig: () => {
      const file = freshPath();
      writeFileSync(file, 'users: [');
      return file;
    },
    line: /^\S+ cannot be used \(it is no YAML.*\); set KUBECONFIG to a kubeconfig that works\n$/,
  },
  {
    what: 'points nowhere',
    kubeconfig: () => writeKubeconfig(freshPath(), { server: 'https://127.0.0.1:1' }),
    line: /^https:\/\/127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\); look at the cluster and the user of \S+: connect ECONNREFUSED .*\n$/,
  },
];

describe.each(BROKEN)('a kubeconfig that $what', ({ kubeconfig, line }) => {
  it.each<{ command: 'describe' | 'replay'; args: () => Arguments }>([
    { command: 'describe', args: () => ['imagescan', 'shop/cart'] },
    { command: 'replay', args: () => [archive(STARTED), '--apply'] },
  ])('ends $command with 1 and one line', async ({ command, args }) => {
    const { status, stderr } = await inCluster(kubeconfig(), command, ...args());
    expect(status).toBe(1);
    expect(stderr).toMatch(line);
  });
});

const structured = (event: object) => ({
  path: '/',
  headers: { 'content-type': 'application/cloudevents+json' },
  body: JSON.stringify(event),
});

describe('start, on an API server', () => {
  it('keeps what the events tell, and gives it out', async () => {
    const server = await serveCart();
    const { url } = await spawn({ SCAN_STORE: 'kubernetes', KUBECONFIG: configure(server) });
    expect((await get(url, '/readyz')).status).toBe(200);
    expect((await send(url, structured(STARTED))).status).toBe(200);
    expect((await send(url, structured(FINISHED))).status).toBe(200);
    expect((await send(url, structured(startedEvent({ name: 'gone', at: '2025-11-23T06:00:00Z' })))).status).toBe(204);
    expect(statusOf(server, CART)).toMatchObject({ phase: 'Completed' });
    expect(await listScans(url)).toMatchObject([
      { kind: 'ImageScan', metadata: { name: 'cart', uid: CART.uid }, status: { phase: 'Completed' } },
    ]);
  });

  it('without a kubeconfig goes on, says what is wrong, and loses nothing once that is mended', async () => {
    const file = freshPath();
    const server = await serveCart();
    const { url, until, lines } = await spawn({ SCAN_STORE: 'kubernetes', KUBECONFIG: file });
    const warned = await until(() => lines.find(({ msg }) => msg === 'not ready'));
    const problem = `${file} cannot be used (ENOENT: no such file or directory, open '${file}'); set KUBECONFIG to a kubeconfig that works`;
    expect(warned.why).toBe(problem);
    const ready = await get(url, '/readyz');
    expect([ready.status, JSON.parse(ready.body).detail]).toEqual([503, problem]);
    expect((await get(url, '/healthz')).status).toBe(200);
    expect((await get(url, '/api/scans')).status).toBe(503);
    const kept = [STARTED, FINISHED];
    for (const event of kept) {
      const { status, headers, body } = await send(url, structured(event));
      expect([status, headers['retry-after']]).toEqual([503, '5']);
      expect(JSON.parse(body).detail).toContain(problem);
    }
    configure(server, file);
    expect((await get(url, '/readyz')).status).toBe(200);
    for (const event of kept) expect((await send(url, structured(event))).status).toBe(200);
    expect(statusOf(server, CART)).toMatchObject({ phase: 'Completed', runs: [{ startedAt: '2025-11-23T06:00:00Z' }] });
  });

  it('goes on beside something that is no API server', async () => {
    const server = await serveCart();
    server.trouble(() => ({ answer: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }));
    const { url, until, lines } = await spawn({ SCAN_STORE: 'kubernetes', KUBECONFIG: configure(server) });
    const warned = await until(() => lines.find(({ msg }) => msg === 'not ready'));
    expect(warned.why).toBe('what answers for the API server sends no objects');
    expect((await get(url, '/readyz')).status).toBe(503);
    expect((await send(url, structured(STARTED))).status).toBe(503);
    server.trouble(() => undefined);
    expect((await get(url, '/readyz')).status).toBe(200);
    expect((await send(url, structured(STARTED))).status).toBe(200);
  });

  it('passes on how long the API server wants to be left alone', async () => {
    const server = await serveCart();
    const { url } = await spawn({ SCAN_STORE: 'kubernetes', KUBECONFIG: configure(server) });
    server.trouble(() => ({ answer: 429, headers: { 'retry-after': '23' } }));
    const { status, headers } = await send(url, structured(STARTED));
    expect([status, headers['retry-after']]).toEqual([503, '23']);
  });

  it('believes Jobs alone where it is told to, and asks their pods', async () => {
    const server = await serve({ tls: true });
    for (const name of ['jobs', 'pods']) {
      const { items } = JSON.parse(readFileSync(recordedFile(`${name}.json`), 'utf8'));
      for (const item of items) {
        // Its times as they were, but in a year that every clock has seen.
        server.objects.put(name, JSON.parse(JSON.stringify(item).replaceAll('2026-', '2025-')));
      }
    }
    const scan = {
      kind: 'ImageScan',
      namespace: 'team-checkout',
      name: 'checkout-image',
      uid: 'd8960d87-3d4f-4e73-bc82-ab27de11343c',
    };
    putScans(server, scan);
    const environment = { SCAN_STORE: 'kubernetes', JOB_FACTS: 'jobs', POD_DETAILS: 'true' };
    const { url } = await spawn({ ...environment, KUBECONFIG: configure(server) });
    const forged = {
      ...finishedEvent({ at: '2025-01-01T00:00:00Z' }),
      data: {
        scan,
        run: { job: 'scan-checkout-image-c4j8s', uid: '8775c06b-ece7-4a11-aa7a-f7bd1aa9b6d7' },
        finishedAt: '2025-01-01T00:00:00Z',
        outcome: 'complete',
      },
    };
    expect((await send(url, structured(forged))).status).toBe(200);
    expect(statusOf(server, scan)).toMatchObject({
      phase: 'Error',
      conditions: [
        {},
        { lastTransitionTime: '2025-11-23T05:52:23Z', error: expect.stringContaining('137 (OOMKilled)') },
      ],
    });
    const job = { ...forged.data.run, uid: 'made-up' };
    const other = { ...forged, data: { ...forged.data, run: job } };
    expect((await send(url, structured(other))).status).toBe(204);
    expect(statusOf(server, scan).runs).toHaveLength(1);
  });
});
