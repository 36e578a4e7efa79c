/** A process whose receivers fail in every way: nothing that it says anywhere holds a secret of them. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { temporaryFolder } from '../support/cli-folder.ts';
import { runCommand } from '../support/cli-run.ts';
import { send } from '../support/http-client.ts';
import { finishedEvent, structured } from '../support/http-messages.ts';
import { fieldsOf, receiverServers, testClock, type Vendor } from '../support/receivers/receiver-server.ts';
import { serverProcesses } from '../support/server-process.ts';

/** Processes start slowly on a busy machine. */
jest.setTimeout(120_000);

const spawn = serverProcesses();
const listen = receiverServers();
const folder = temporaryFolder();

const put = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};

/** Says everything that it was told, in the words of its answer. */
const echo =
  (status: number): Vendor =>
  ({ path, headers, body }) => ({ status, body: `no: ${path} ${JSON.stringify(headers)} ${body}` });

const TROUBLES: Readonly<Record<string, Vendor | 'hang up'>> = {
  refused: echo(400),
  forbidden: echo(403),
  broken: echo(500),
  busy: (asked) => ({ ...echo(429)(asked), headers: { 'retry-after': '1' } }),
  moved: ({ path }) => ({ status: 307, headers: { location: `/elsewhere${path}` }, body: path }),
  odd: echo(200),
  gone: 'hang up',
};

const secrets: string[] = [];
const newSecret = (): string => {
  const secret = `SECRET${randomBytes(20).toString('hex')}`;
  secrets.push(secret);
  return secret;
};

/** A receiver of each kind at an address, each with secrets of its own. */
const receiversAt = (what: string, url: string, privateAddresses: readonly string[] = ['127.0.0.0/8']) => {
  const file = (content: string): string => put(`${what}-${randomBytes(4).toString('hex')}`, content);
  const kinds = {
    slack: { tokenFile: file(newSecret()), channel: 'C1', url: `${url}/api` },
    'slack-webhook': { urlFile: file(`${url}/services/${newSecret()}`) },
    teams: { urlFile: file(`${url}/workflows/${newSecret()}?sig=${newSecret()}%2Fx`) },
    pagerduty: { routingKeyFile: file(newSecret()), url: `${url}/enqueue` },
    alertmanager: { url, tokenFile: file(newSecret()) },
    webhook: { urlFile: file(`${url}/hooks/${newSecret()}?token=${newSecret()}`), secretFile: file(newSecret()) },
    sns: { topicArn: 'arn:aws:sns:eu-central-1:123456789012:alerts', url },
  };
  const keys = { 'slack-webhook': 'slackWebhook', pagerduty: 'pagerDuty' } as const;
  return Object.entries(kinds).map(([kind, fields]) => ({
    name: `${what}-${kind}`,
    [kind in keys ? keys[kind as keyof typeof keys] : kind]: fields,
    privateAddresses,
  }));
};

/** An address at which nobody is. */
const nobody = async (): Promise<string> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
};

const failingReceivers = async () => {
  const clock = testClock();
  const at = await Promise.all(
    Object.entries(TROUBLES).map(async ([what, vendor]) => {
      const troubles = () => (vendor === 'hang up' ? vendor : undefined);
      const server = await listen(vendor === 'hang up' ? echo(500) : vendor, clock, troubles, { tls: false });
      return receiversAt(what, server.url);
    }),
  );
  const tls = await listen(echo(400), clock);
  return [
    // Of the others no answer is read that says yes.
    ...at.flat().filter(({ name }) => !name.startsWith('odd-') || name === 'odd-slack'),
    ...receiversAt('untrusted', tls.url),
    ...receiversAt('closed', await nobody()),
    ...receiversAt('private', 'https://127.0.0.1:1', ['10.0.0.0/8']),
    ...receiversAt('nameless', 'https://nobody.invalid', ['10.0.0.0/8']),
  ];
};

const [keyId, secretKey, sessionToken] = [newSecret(), newSecret(), newSecret()];
const AWS = { AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: sessionToken };

const configure = (name: string, receivers: readonly object[]): string => {
  const rule = { name: 'failed', when: { condition: 'Succeeded', to: 'False' } };
  return join(folder, put(name, JSON.stringify({ receivers, rules: [rule], state: { memory: {} } })));
};

const failed = (name: string) => ({
  ...finishedEvent({ name }),
  data: { ...fieldsOf(finishedEvent({ name }).data), outcome: 'failed', message: 'It broke' },
});

/** Nothing of any secret, nor of a part of it that would help. */
const leaked = (said: string): readonly string[] => secrets.filter((secret) => said.includes(secret.slice(0, 20)));

describe('the secrets of receivers that fail', () => {
  it('stand nowhere in what npm start says, logs and measures', async () => {
    const receivers = await failingReceivers();
    // Of one process 50 receivers are the most.
    for (const half of [receivers.slice(0, 42), receivers.slice(42)]) {
      const ALERTS_CONFIG = configure('alerts.yaml', half);
      const environment = { ALERTS_CONFIG, SCAN_STORE_PATH: ':memory:', LOG_LEVEL: 'debug', ...AWS };
      const server = await spawn(environment);
      const answers = [];
      for (const name of ['one', 'two']) answers.push(await send(server.url, structured(failed(name))));
      // Its own look at what is due, every few seconds, tries again.
      await delay(7_000);
      const metrics = await send(server.url, { method: 'GET', path: '/metrics' });
      const said = [JSON.stringify([answers, metrics, server.lines]), server.stderr()].join('\n');
      const silent = half.filter(({ name }) => !metrics.body.includes(`alerts_failed_total{receiver="${name}"}`));
      expect(silent.map(({ name }) => name)).toEqual([]);
      for (const { name } of half) expect(said).toContain(`${name}: `);
      expect(leaked(said)).toEqual([]);
      server.kill('SIGKILL');
      await server.ended;
    }
  });

  it('stand nowhere in what the commands print', async () => {
    const receivers = await failingReceivers();
    const config = configure('commands.yaml', receivers.slice(0, 49));
    const shown = await Promise.all(
      ['text', 'json', 'html'].map((form) => runCommand('alert', ['preview', '--config', config, '-o', form])),
    );
    const tested = await Promise.all(
      ['refused', 'moved', 'busy'].flatMap((what) =>
        ['slack', 'teams', 'webhook', 'pagerduty'].map((kind) =>
          runCommand('alert', ['test', '--config', config, '--receiver', `${what}-${kind}`], { env: AWS }),
        ),
      ),
    );
    expect(shown.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(tested.every(({ status, stderr }) => status === 1 && stderr.includes(': '))).toBe(true);
    expect(leaked(JSON.stringify([shown, tested]))).toEqual([]);
  });
});
