/**
 * Slack's incoming webhooks, which take messages and never say which: nothing can be updated, so the end of an alert is a
 * second, shorter message.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * @see https://docs.slack.dev/apis/web-api/rate-limits — one message a second, short bursts more
 */
import type { Alert, Receiver } from '../alert.ts';
import { openWay } from './http.ts';
import { secretOf, shownSecretUrl } from './secrets.ts';
import type { ReadSecret, ReceiverSettings } from './settings.ts';
import { slackContent } from './slack-blocks.ts';

export interface SlackWebhookSettings extends ReceiverSettings {
  /** The URL of the webhook: who knows it may post. */
  readonly url: ReadSecret;
}

const RATE = { perSecond: 1, burst: 1 };

export const slackWebhookReceiver = (settings: SlackWebhookSettings): Receiver => {
  const tell = openWay(settings, RATE);
  return {
    name: settings.name,
    send: async (alert: Alert) => {
      const url = secretOf(settings.name, settings.url);
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      await tell({ url, headers, body: JSON.stringify(slackContent(alert)), secrets: [url] });
      return {};
    },
    preview: (alert) => ({ url: shownSecretUrl(settings.url), body: slackContent(alert) }),
  };
};
