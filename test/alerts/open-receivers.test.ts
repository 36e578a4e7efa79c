/** Receivers as a file configures them: each tells its vendor on this machine what it shall, with the secrets of the moment. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readAlertsConfig, WrongAlertsConfig } from '../../shared/alerts/alerts-file.ts';
import { openReceivers } from '../../shared/alerts/open-receivers.ts';
import type { ReceiverKind } from '../../shared/alerts/receivers-config.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { errorOf } from '../support/error-of.ts';
import { alertmanager } from '../support/receivers/alertmanager-server.ts';
import { anAlert, resolved } from '../support/receivers/alerts.ts';
import { pagerDuty, ROUTING_KEY } from '../support/receivers/pagerduty-server.ts';
import { receiverServers, type TestClock, testClock, type Vendor } from '../support/receivers/receiver-server.ts';
import { SLACK_CHANNEL, SLACK_TOKEN, slackApi } from '../support/receivers/slack-api-server.ts';
import { SLACK_PATH, slackWebhook } from '../support/receivers/slack-webhook-server.ts';
import { SNS_CREDENTIALS, sns, TOPIC_ARN } from '../support/receivers/sns-server.ts';
import { TEAMS_PATH, teams } from '../support/receivers/teams-server.ts';
import { WEBHOOK_SECRET, webhook } from '../support/receivers/webhook-server.ts';

const folder = temporaryFolder();
const serve = receiverServers();

const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: SNS_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: SNS_CREDENTIALS.secretAccessKey,
  AWS_SESSION_TOKEN: SNS_CREDENTIALS.sessionToken,
};

const open = async (receiver: JsonObject, clock?: TestClock) => {
  const all = readAlertsConfig(JSON.stringify({ receivers: [{ name: 'ops', ...receiver }] }), folder).receivers;
  const [opened] = await openReceivers(all, { environment: ENVIRONMENT, ...(clock && { clock }) });
  if (opened === undefined) throw new Error('no receiver was opened');
  return opened;
};

interface Kind {
  readonly kind: ReceiverKind;
  readonly vendor: (clock: TestClock) => Vendor;
  /** What the file says of it, and puts into files beside it. */
  readonly fields: (url: string) => JsonObject;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'slack',
    vendor: (clock) => slackApi(clock).vendor,
    fields: (url) => ({ tokenFile: put('token', `${SLACK_TOKEN}\n`), channel: SLACK_CHANNEL, url: `${url}/api` }),
  },
  {
    kind: 'slackWebhook',
    vendor: (clock) => slackWebhook(clock).vendor,
    fields: (url) => ({ urlFile: put('url', `${url}${SLACK_PATH}\n`) }),
  },
  {
    kind: 'teams',
    vendor: (clock) => teams(clock).vendor,
    fields: (url) => ({ urlFile: put('url', url + TEAMS_PATH) }),
  },
  {
    kind: 'pagerDuty',
    vendor: (clock) => pagerDuty(clock).vendor,
    fields: (url) => ({ routingKeyFile: put('key', `${ROUTING_KEY}\n`), url: `${url}/v2/enqueue` }),
  },
  {
    kind: 'alertmanager',
    vendor: (clock) => alertmanager(clock).vendor,
    fields: (url) => ({ url, tokenFile: put('token', 'a-token-of-alertmanager') }),
  },
  {
    kind: 'webhook',
    vendor: (clock) => webhook(clock).vendor,
    fields: (url) => ({ urlFile: put('url', `${url}/hook`), secretFile: put('secret', WEBHOOK_SECRET) }),
  },
  { kind: 'sns', vendor: (clock) => sns(clock).vendor, fields: (url) => ({ topicArn: TOPIC_ARN, url }) },
];

describe('a receiver of a file', () => {
  it.each(KINDS)('of kind $kind is told of an alert and of its end', async ({ kind, vendor, fields }) => {
    const clock = testClock();
    const server = await serve(vendor(clock), clock);
    const config = { [kind]: fields(server.url), privateAddresses: ['127.0.0.0/8'], caFile: put('ca', server.ca) };
    const receiver = await open(config, clock);
    const before = await receiver.send(anAlert());
    await receiver.send(resolved(), before);
    expect([receiver.name, server.requests.length]).toEqual(['ops', 2]);
  });

  it('is told with the secret of the moment', async () => {
    const clock = testClock();
    const { vendor, fields } = KINDS.find(({ kind }) => kind === 'pagerDuty') as Kind;
    const server = await serve(vendor(clock), clock);
    const pager = fields(server.url);
    const receiver = await open(
      { pagerDuty: pager, privateAddresses: ['127.0.0.0/8'], caFile: put('ca', server.ca) },
      clock,
    );
    await receiver.send(anAlert());
    rmSync(join(folder, 'key'));
    expect(await errorOf(receiver.send(anAlert()))).toBeInstanceOf(Unavailable);
    put('key', 'b'.repeat(32));
    await errorOf(receiver.send(anAlert()));
    expect(server.requests.map(({ body }) => JSON.parse(body).routing_key)).toEqual([ROUTING_KEY, 'b'.repeat(32)]);
  });

  it('has no secret of a file that is too large, or is none', async () => {
    for (const tokenFile of [put('large', 'a'.repeat(65_537)), '.']) {
      const receiver = await open({ slack: { tokenFile, channel: 'C0123' } });
      expect((await errorOf(receiver.send(anAlert()))).message).toBe('ops: its secret cannot be read or is empty');
    }
  });

  it('may be at no private address that the file does not name', async () => {
    const clock = testClock();
    const server = await serve(alertmanager(clock).vendor, clock);
    const receiver = await open({ alertmanager: { url: server.url }, caFile: put('ca', server.ca) });
    expect((await errorOf(receiver.send(anAlert()))).message).toMatch(/^ops: /);
    expect(server.requests).toHaveLength(0);
  });

  it('is asked no faster than the file says', async () => {
    const clock = testClock();
    const server = await serve(alertmanager(clock).vendor, clock);
    const rate = { perSecond: 0.5, burst: 1 };
    const config = { alertmanager: { url: server.url }, privateAddresses: ['127.0.0.0/8'], rate };
    const receiver = await open({ ...config, caFile: put('ca', server.ca) }, clock);
    await receiver.send(anAlert());
    await receiver.send(anAlert());
    expect(clock.slept).toEqual([2_000]);
  });

  it('must find the authorities that the file names', async () => {
    const error = await errorOf(open({ alertmanager: { url: 'https://alerts.example' }, caFile: 'nowhere.pem' }));
    expect(error).toBeInstanceOf(WrongAlertsConfig);
    expect(error.message).toBe('the receiver "ops": its caFile cannot be read');
  });
});
