/**
 * Slack's incoming webhooks, as far as they are documented.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
 * @see https://docs.slack.dev/apis/web-api/rate-limits — one a second
 */
import { type Answered, fieldsOf, limiter, parsed, type TestClock, tooMany, type Vendor } from './receiver-server.ts';
import { slackProblem } from './slack-rules.ts';

export const SLACK_PATH = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX';

const ENDED: Readonly<Record<string, Answered>> = {
  archived: { status: 410, body: 'channel_is_archived' },
  prohibited: { status: 403, body: 'action_prohibited' },
};

export interface SlackWebhook {
  readonly vendor: Vendor;
  readonly messages: readonly Readonly<Record<string, unknown>>[];
}

export const slackWebhook = (clock: TestClock, state: 'open' | 'archived' | 'prohibited' = 'open'): SlackWebhook => {
  const isTooFast = limiter(1, 1_000, clock);
  const messages: Readonly<Record<string, unknown>>[] = [];
  return {
    messages,
    vendor: ({ path, method, headers, body }) => {
      if (path !== SLACK_PATH || method !== 'POST') return { status: 404, body: 'no_service' };
      const wait = isTooFast();
      if (wait !== undefined) return tooMany(wait, 'rate_limited');
      const ended = ENDED[state];
      if (ended !== undefined) return ended;
      const message = parsed(body);
      if (!String(headers['content-type']).startsWith('application/json') || message === undefined)
        return { status: 400, body: 'invalid_payload' };
      const problem = slackProblem(fieldsOf(message));
      if (problem !== undefined) return { status: 400, body: problem };
      messages.push(fieldsOf(message));
      return { status: 200, body: 'ok' };
    },
  };
};
