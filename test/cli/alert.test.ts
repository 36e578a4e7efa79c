/** `npm run -s alert`: what people would be told, shown without telling anybody; and a test message. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { pageOf } from '../../cli/alert-page.ts';
import type { Previewed } from '../../cli/alert-preview.ts';
import { readAlertsConfig } from '../../shared/alerts/alerts-file.ts';
import { openReceivers } from '../../shared/alerts/open-receivers.ts';
import { kindOf } from '../../shared/alerts/receivers-config.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { runCommand } from '../support/cli-run.ts';
import { ROOT } from '../support/examples.ts';
import { hostileAlert } from '../support/receivers/alerts.ts';
import { pagerDuty, ROUTING_KEY } from '../support/receivers/pagerduty-server.ts';
import { receiverServers, testClock } from '../support/receivers/receiver-server.ts';
import { SLACK_PATH, slackWebhook } from '../support/receivers/slack-webhook-server.ts';

const folder = temporaryFolder();
const serve = receiverServers();
const SAMPLE_CONFIG = join(ROOT, 'infra/samples/alerts.yaml');
const SAMPLE_EVENTS = join(ROOT, 'infra/samples/status-changed.jsonl');
const EVENTS = readFileSync(SAMPLE_EVENTS, 'utf8').split('\n');
const KINDS = ['slack', 'slack-webhook', 'teams', 'pagerduty', 'alertmanager', 'webhook', 'sns'];

const put = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const preview = (args: readonly string[] = [], surroundings = {}) =>
  runCommand('alert', ['preview', ...args], surroundings);

interface Told {
  readonly receiver: string;
  readonly at: string;
  readonly status: string;
  readonly rule: string;
  readonly url: string;
}

const told = async (...args: readonly string[]): Promise<readonly Told[]> => {
  const { status, stdout } = await preview([...args, '-o', 'json']);
  expect(status).toBe(0);
  return JSON.parse(stdout).messages;
};

describe('alert preview', () => {
  it('shows every kind of receiver what would be told of the events that come with the project', async () => {
    const { status, stdout, stderr } = await preview();
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n\n')[0]).toBe(
      [
        '2026-03-02T09:13:40Z',
        'slack (Slack): POST https://slack.com/api/chat.postMessage',
        'slack-webhook (Slack webhook): POST …',
        'teams (Microsoft Teams): POST …',
        'pagerduty (PagerDuty): POST https://events.pagerduty.com/v2/enqueue',
        'alertmanager (Alertmanager): POST https://alertmanager.example/api/v2/alerts',
        'webhook (webhook): POST …',
        'sns (Amazon SNS): POST https://sns.eu-central-1.amazonaws.com/',
        '    [ERROR] Policy failed: ImageScan shop/cart',
        '    Scan: ImageScan shop/cart',
        '    Artifact: registry.example/shop/cart@sha256:9b2e5c1f7d4a8036b1e9f2c3d4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d',
        '    Changed: PolicySucceeded is False (EvaluationFailed)',
        '    Cluster: prod-eu',
        '    Since: 2026-03-02T09:13:40Z',
        '    The scan found vulnerabilities that its policy forbids: 15.',
        '    - CVE-2021-44228 CRITICAL in log4j-core@2.14.1, fixed in 2.15.0',
        '    - CVE-2022-22965 CRITICAL in spring-beans@5.3.17, fixed in 5.3.18',
        '    - CVE-2021-45046 CRITICAL in log4j-core@2.14.1, fixed in 2.16.0',
        '    - CVE-2023-0286 HIGH in openssl@3.0.1, fixed in 3.0.8',
        '    - CVE-2022-37434 HIGH in zlib@1.2.11, fixed in 1.2.12',
        '    - CVE-2023-38545 HIGH in curl@7.88.1, no fix known',
        '    … and 9 more',
        '    $ kubectl describe imagescan -n shop cart',
      ].join('\n'),
    );
    expect(stdout.trim().split('\n').at(-1)).toBe('28 messages of 4 events');
  });

  it('shows the very requests to one receiver', async () => {
    const { stdout } = await preview(['--receiver', 'slack', '-o', 'json']);
    const { messages, events, summary } = JSON.parse(stdout);
    expect(
      messages.map(({ status, rule, url, body }: Told & { body: object }) => [status, rule, url, Object.keys(body)[0]]),
    ).toEqual([
      ['firing', 'policy-failed', 'https://slack.com/api/chat.postMessage', 'channel'],
      ['firing', 'scan-failed', 'https://slack.com/api/chat.postMessage', 'channel'],
      ['firing', 'policy-error', 'https://slack.com/api/chat.postMessage', 'channel'],
      ['resolved', 'policy-failed', 'https://slack.com/api/chat.update', 'channel'],
    ]);
    expect(
      events.map(({ line, outcome, why }: { line: number; outcome: string; why: string }) => [line, outcome, why]),
    ).toEqual([
      [1, 'applied', 'slack: told'],
      [2, 'applied', 'slack: told'],
      [3, 'applied', 'slack: told'],
      [4, 'applied', 'slack: told'],
    ]);
    expect(summary).toMatchObject({ applied: 4, rejected: 0 });
  });

  it('follows the configuration, at the time of the events', async () => {
    const messages = await told(SAMPLE_EVENTS, '--config', SAMPLE_CONFIG);
    const short = messages.map(({ receiver, at, status, rule }) => `${at} ${receiver} ${status} ${rule}`);
    expect(short).toEqual([
      '2026-03-02T09:13:40Z on-call firing critical-in-shops',
      '2026-03-02T09:13:40Z team firing critical-in-shops',
      '2026-03-02T09:14:40Z managers firing policy-failed',
      '2026-03-02T09:14:40Z alertmanager firing policy-failed',
      '2026-03-02T09:14:40Z ticket-system firing policy-failed',
      '2026-03-02T09:14:40Z chat firing policy-failed',
      '2026-03-02T09:20:31Z team firing broken',
      '2026-03-02T11:41:22Z on-call resolved critical-in-shops',
      '2026-03-02T11:41:22Z team resolved critical-in-shops',
      '2026-03-02T11:41:22Z managers resolved policy-failed',
      '2026-03-02T11:41:22Z alertmanager resolved policy-failed',
      '2026-03-02T11:41:22Z ticket-system resolved policy-failed',
      '2026-03-02T11:41:22Z chat resolved policy-failed',
    ]);
  });

  it('holds back at night, and tells in the morning', async () => {
    const config = put(
      'nights.yaml',
      JSON.stringify({
        receivers: [{ name: 'team', teams: { urlFile: 'url' } }],
        rules: [{ name: 'failed', when: { condition: 'PolicySucceeded', to: 'False' }, quietHours: 'mornings' }],
        quietHours: { mornings: { from: '08:00', to: '11:00', timeZone: 'Europe/Berlin' } },
      }),
    );
    const messages = await told(SAMPLE_EVENTS, '--config', config);
    expect(messages.map(({ at, status }) => [at, status])).toEqual([
      ['2026-03-02T10:00:00Z', 'firing'],
      ['2026-03-02T11:41:22Z', 'resolved'],
    ]);
  });

  it('finds the configuration that is set, and takes events from standard input', async () => {
    const config = put('one.yaml', 'receivers: [{ name: one, teams: { urlFile: url } }]');
    const { status, stdout } = await preview(['-'], { input: EVENTS[0] ?? '', env: { ALERTS_CONFIG: config } });
    expect([status, stdout.split('\n')[1]]).toEqual([0, 'one (Microsoft Teams): POST …']);
    expect(stdout.endsWith('\n1 message of 1 event\n')).toBe(true);
  });

  it('says of which events nobody is told, and ends with 1 where one was rejected', async () => {
    const [first = '', , , last = ''] = EVENTS;
    const replayed = JSON.stringify({ ...JSON.parse(first), scanreplay: 'march' });
    const { status, stdout } = await preview(['-'], { input: [replayed, last, '{}', ''].join('\n') });
    expect(status).toBe(1);
    expect(stdout).toBe(
      [
        'line 1: ignored: what is replayed alerts nobody',
        'line 2: duplicate',
        'line 3: rejected: line: must be a CloudEvent, a recorded HTTP request, an EventBridge entry or an SQS message',
        '0 messages of 3 events',
        '',
      ].join('\n'),
    );
  });

  it('shows a page that is one file and asks nobody', async () => {
    const { status, stdout } = await preview(['-o', 'html']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(stdout).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`.replaceAll("'", '&#39;'));
    expect(stdout).not.toMatch(/<script|<link|<img|src=|url\(|@import/);
    for (const kind of KINDS) expect(stdout).toContain(`<h2>${kind} <span>`);
  });

  it.each<[args: readonly string[], problem: string]>([
    [[], 'say preview or test'],
    [['send'], 'say preview or test'],
    [['preview', '--now'], "Unknown option '--now'"],
    [['preview', '/nowhere'], '/nowhere: cannot be read'],
    [['preview', folder], `${folder}: is a folder`],
    [['preview', '--receiver', 'nobody'], `--receiver: there is no "nobody"; there are ${KINDS.join(', ')}`],
    [['preview', '--config', '/nowhere'], '/nowhere: cannot be read'],
    [['preview', '--config', SAMPLE_EVENTS], `${SAMPLE_EVENTS}: line 2:`],
    [['preview', '-o', 'pdf'], '-o: must be text or json or html'],
    [['test'], '--receiver: name one'],
    [['test', '--receiver', 'team'], '--config: name a file, or set ALERTS_CONFIG'],
    [
      ['test', '--receiver', 'nobody', '--config', SAMPLE_CONFIG],
      '--receiver: there is no "nobody"; there are on-call,',
    ],
    [['test', SAMPLE_EVENTS, '--receiver', 'team'], `${SAMPLE_EVENTS}: test takes no files`],
    [['test', '--receiver', 'team', '-o', 'json'], '-o: test shows nothing'],
  ])('says how it is called, for %j', async (args, problem) => {
    const { status, stdout, stderr } = await runCommand('alert', args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.startsWith(problem)).toBe(true);
    expect(stderr).toContain('Usage: npm run -s alert -- preview');
  });
});

describe('the page of a preview', () => {
  /** The tags that it is made of; what scans hold adds none. */
  const TAG =
    /^<(?:!doctype html|\/?(?:html|head|meta|title|style|body|h1|h2|h3|span|div|article|details|summary|pre|code|b|br|table|tr|th|td))(?: (?:lang|charset|http-equiv|content|name|class)="[^"<>]*")*>$/;

  it('is made of our own tags alone, whatever a scan holds', async () => {
    const receivers = readAlertsConfig(
      JSON.stringify({
        receivers: [
          { name: 'slack', slack: { tokenFile: 't', channel: 'C0' } },
          { name: 'teams', teams: { urlFile: 'u' } },
          { name: 'pagerduty', pagerDuty: { routingKeyFile: 'k' } },
          { name: 'alertmanager', alertmanager: { url: 'https://alerts.example' } },
          { name: 'webhook', webhook: { urlFile: 'u', secretFile: 's' } },
          { name: 'sns', sns: { topicArn: 'arn:aws:sns:eu-central-1:123456789012:a' } },
        ],
      }),
    ).receivers;
    const opened = await openReceivers(receivers, { environment: {} });
    fc.assert(
      fc.property(hostileAlert, (alert) => {
        const messages = opened.map((receiver, at): Previewed => {
          const config = receivers[at];
          if (config === undefined) throw new Error('a receiver is missing');
          return { receiver: receiver.name, kind: kindOf(config), at: 0, alert, request: receiver.preview(alert) };
        });
        const page = pageOf(messages).replace(/<style>.*?<\/style>/s, '');
        for (const [tag] of page.matchAll(/<[^>]*>?/g)) expect(tag).toMatch(TAG);
      }),
    );
  });
});

describe('alert test', () => {
  const configFor = (kind: object, ca: string): string =>
    put(
      'test.yaml',
      JSON.stringify({
        receivers: [{ name: 'ops', ...kind, privateAddresses: ['127.0.0.0/8'], caFile: put('ca.pem', ca) }],
      }),
    );
  const send = (config: string) => runCommand('alert', ['test', '--receiver', 'ops', '--config', config]);

  it('sends a message that says that it is a test', async () => {
    const clock = testClock();
    const { vendor, messages } = slackWebhook(clock);
    const server = await serve(vendor, clock);
    const urlFile = put('url', server.url + SLACK_PATH);
    const { status, stdout, stderr } = await send(configFor({ slackWebhook: { urlFile } }, server.ca));
    expect([status, stdout, stderr]).toEqual([0, 'ops: took the test message\n', '']);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.text).toBe('[INFO] This is a test');
  });

  it('ends what it opened, and opens another each time', async () => {
    const clock = testClock();
    const server = await serve(pagerDuty(clock).vendor, clock);
    const fields = { routingKeyFile: put('key', ROUTING_KEY), url: `${server.url}/v2/enqueue` };
    const config = configFor({ pagerDuty: fields }, server.ca);
    for (const _ of [1, 2]) {
      const { status, stdout } = await send(config);
      expect([status, stdout]).toEqual([0, 'ops: took the test message\nops: was told that it is over\n']);
    }
    const sent = server.requests.map(({ body }) => JSON.parse(body));
    expect(sent.map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve', 'trigger', 'resolve']);
    expect(new Set(sent.map(({ dedup_key }) => dedup_key)).size).toBe(2);
  });

  it('ends with 1 and the reason where it does not arrive, and tells no secret', async () => {
    const clock = testClock();
    const server = await serve(slackWebhook(clock, 'archived').vendor, clock);
    const urlFile = put('url', server.url + SLACK_PATH);
    const { status, stdout, stderr } = await send(configFor({ slackWebhook: { urlFile } }, server.ca));
    expect([status, stdout, stderr]).toEqual([1, '', 'ops: answered 410 channel_is_archived\n']);
    const missing = await send(configFor({ slackWebhook: { urlFile: 'nowhere' } }, server.ca));
    expect([missing.status, missing.stderr]).toEqual([1, 'ops: its secret cannot be read or is empty\n']);
  });

  it('ends with 2 where the configuration is wrong', async () => {
    const config = put('wrong.yaml', '{receivers: [{name: ops, teams: {urlFile: u}, caFile: nowhere.pem}]}');
    const { status, stderr } = await send(config);
    expect([status, stderr.split('\n')[0]]).toEqual([2, 'the receiver "ops": its caFile cannot be read']);
  });
});
