/** Each receiver with its vendor on this machine. */
import type { Receiver } from '../../../shared/alerts/alert.ts';
import { alertmanagerReceiver } from '../../../shared/alerts/receivers/alertmanager.ts';
import { pagerDutyReceiver } from '../../../shared/alerts/receivers/pagerduty.ts';
import type { ReceiverSettings } from '../../../shared/alerts/receivers/settings.ts';
import { slackApiReceiver } from '../../../shared/alerts/receivers/slack-api.ts';
import { slackWebhookReceiver } from '../../../shared/alerts/receivers/slack-webhook.ts';
import { snsReceiver } from '../../../shared/alerts/receivers/sns.ts';
import { teamsReceiver } from '../../../shared/alerts/receivers/teams.ts';
import { webhookReceiver } from '../../../shared/alerts/receivers/webhook.ts';
import { alertmanager } from './alertmanager-server.ts';
import { pagerDuty, ROUTING_KEY } from './pagerduty-server.ts';
import type { TestClock, Vendor } from './receiver-server.ts';
import { SLACK_CHANNEL, SLACK_TOKEN, slackApi } from './slack-api-server.ts';
import { SLACK_PATH, slackWebhook } from './slack-webhook-server.ts';
import { SNS_CREDENTIALS, sns, TOPIC_ARN } from './sns-server.ts';
import { TEAMS_PATH, teams } from './teams-server.ts';
import { WEBHOOK_SECRET, webhook } from './webhook-server.ts';

export interface EveryReceiver {
  readonly what: string;
  readonly vendor: (clock: TestClock) => Vendor;
  /** @param url the origin of the vendor */
  readonly open: (url: string, settings: ReceiverSettings) => Receiver;
  /** What may be seen nowhere. */
  readonly secrets: readonly string[];
}

const HOOK = '/hooks/in/SECRET-PATH?token=SECRET-QUERY';

export const EVERY_RECEIVER: readonly EveryReceiver[] = [
  {
    what: 'Slack webhook',
    vendor: (clock) => slackWebhook(clock).vendor,
    open: (url, settings) => slackWebhookReceiver({ ...settings, url: () => url + SLACK_PATH }),
    secrets: [SLACK_PATH],
  },
  {
    what: 'Slack API',
    vendor: (clock) => slackApi(clock).vendor,
    open: (url, settings) =>
      slackApiReceiver({ ...settings, url: `${url}/api`, token: () => SLACK_TOKEN, channel: SLACK_CHANNEL }),
    secrets: [SLACK_TOKEN],
  },
  {
    what: 'Teams',
    vendor: (clock) => teams(clock).vendor,
    open: (url, settings) => teamsReceiver({ ...settings, url: () => url + TEAMS_PATH }),
    secrets: ['0123456789abcdef', 'SECRET-SIGNATURE'],
  },
  {
    what: 'PagerDuty',
    vendor: (clock) => pagerDuty(clock).vendor,
    open: (url, settings) =>
      pagerDutyReceiver({ ...settings, url: `${url}/v2/enqueue`, routingKey: () => ROUTING_KEY }),
    secrets: [ROUTING_KEY],
  },
  {
    what: 'Alertmanager',
    vendor: (clock) => alertmanager(clock).vendor,
    open: (url, settings) => alertmanagerReceiver({ ...settings, url, token: () => 'SECRET-TOKEN' }),
    secrets: ['SECRET-TOKEN'],
  },
  {
    what: 'webhook',
    vendor: (clock) => webhook(clock).vendor,
    open: (url, settings) => webhookReceiver({ ...settings, url: () => url + HOOK, secret: () => WEBHOOK_SECRET }),
    secrets: ['SECRET-PATH', 'SECRET-QUERY', WEBHOOK_SECRET],
  },
  {
    what: 'SNS',
    vendor: (clock) => sns(clock).vendor,
    open: (url, settings) =>
      snsReceiver({ ...settings, url, topicArn: TOPIC_ARN, credentials: async () => SNS_CREDENTIALS }),
    secrets: [SNS_CREDENTIALS.secretAccessKey],
  },
];
