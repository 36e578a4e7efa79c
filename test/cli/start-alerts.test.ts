/** `npm start` with receivers: what the functions do reaches people, once, however the process ends. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { temporaryFolder } from '../support/cli-folder.ts';
import { send } from '../support/http-client.ts';
import { evaluatedEvent, finishedEvent, startedEvent, structured } from '../support/http-messages.ts';
import { fieldsOf, receiverServers, type TestClock, type Troubles } from '../support/receivers/receiver-server.ts';
import { WEBHOOK_SECRET, webhook } from '../support/receivers/webhook-server.ts';
import { failedStart, serverProcesses } from '../support/server-process.ts';

/** Processes start slowly on a busy machine. */
jest.setTimeout(60_000);

const ALONE = new URL('../../functions/alert/knative.ts', import.meta.url).pathname;

const spawn = serverProcesses();
const listen = receiverServers();
const folder = temporaryFolder();

const MACHINE: TestClock = {
  now: Date.now,
  sleep: (milliseconds) => delay(milliseconds),
  move: () => undefined,
  slept: [],
};

/** A webhook, and the settings of a process that tells it. */
const toWebhook = async (troubles?: Troubles) => {
  const { vendor, events } = webhook(MACHINE);
  const server = await listen(vendor, MACHINE, troubles, { tls: false });
  const inFolder = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  inFolder('url', `${server.url}/hook`);
  inFolder('secret', WEBHOOK_SECRET);
  const ALERTS_CONFIG = inFolder(
    'alerts.yaml',
    `
receivers:
  - name: hook
    webhook: { urlFile: url, secretFile: secret }
    privateAddresses: [127.0.0.0/8]
state: { file: alerts.db }
`,
  );
  const environment = { ALERTS_CONFIG, SCAN_STORE_PATH: join(folder, 'scans.db') };
  const told = () =>
    events.map(({ data }) => fieldsOf(data)).map(({ status, condition, to }) => `${status} ${condition} ${to}`);
  return { environment, told, server };
};

describe('npm start with ALERTS_CONFIG', () => {
  it('tells of a failure and of its end, once each, through a kill in between', async () => {
    const { environment, told } = await toWebhook();
    const first = await spawn(environment);
    for (const event of [startedEvent(), finishedEvent()]) await send(first.url, structured(event));
    expect(told()).toEqual([]);
    const failed = {
      ...evaluatedEvent(),
      data: { ...fieldsOf(evaluatedEvent().data), verdict: 'failed', violations: ['CVE-2026-1'] },
    };
    for (let repeated = 0; repeated < 3; repeated += 1)
      expect((await send(first.url, structured(failed))).status).toBe(200);
    expect(told()).toEqual(['firing PolicySucceeded False']);
    first.kill('SIGKILL');
    await first.ended;

    const second = await spawn(environment);
    expect((await send(second.url, structured(failed))).status).toBe(200);
    expect(told()).toEqual(['firing PolicySucceeded False']);
    const later = {
      ...evaluatedEvent(),
      data: { ...fieldsOf(evaluatedEvent().data), evaluatedAt: '2025-06-01T11:00:00Z' },
    };
    await send(second.url, structured(later));
    expect(told()).toEqual(['firing PolicySucceeded False', 'resolved PolicySucceeded True']);
    const metrics = await send(second.url, { method: 'GET', path: '/metrics' });
    expect(metrics.body).toContain('alerts_sent_total{receiver="hook"} 1');
  });

  it('answers the sender though a receiver is down, says so, and tells it later of itself', async () => {
    const { environment, told } = await toWebhook((request) => (request === 0 ? { status: 503 } : undefined));
    const server = await spawn(environment);
    const broken = finishedEvent();
    const event = { ...broken, data: { ...fieldsOf(broken.data), outcome: 'failed', message: 'It broke' } };
    expect((await send(server.url, structured(event))).status).toBe(200);
    const metrics = await send(server.url, { method: 'GET', path: '/metrics' });
    expect(metrics.body).toContain('alerts_failed_total{receiver="hook"} 1');
    // Its own look at what is due, every few seconds, tells it.
    const until = Date.now() + 30_000;
    while (told().length === 0 && Date.now() < until) await delay(100);
    expect(told()).toEqual(['firing Succeeded False']);
  });

  it('stops with one line where the file is wrong', async () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'receivers:\n  - name: ops\n    pager: {}\n');
    const { code, stderr } = await failedStart({ ALERTS_CONFIG: file, SCAN_STORE_PATH: ':memory:' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ALERTS_CONFIG: .*wrong\.yaml: receivers\.0[^\n]*\n$/);
  });

  it('starts alone only where it is told where to remember: its own file would be gone with it', () => {
    const file = join(folder, 'alone.yaml');
    writeFileSync(file, 'receivers:\n  - name: ops\n    slackWebhook: { urlFile: url }\n');
    const { status, stderr } = spawnSync(process.execPath, [ALONE], {
      env: { ALERTS_CONFIG: file, SCAN_STORE_PATH: ':memory:', PORT: '0' },
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'ALERTS_CONFIG: state: must say where it is remembered what was told\n',
    });
  });
});
