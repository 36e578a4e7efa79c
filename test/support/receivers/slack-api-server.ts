/**
 * Slack's Web API, for as much of it as messages need: what is wrong is said with status 200, but for haste.
 *
 * @see https://docs.slack.dev/reference/methods/chat.postMessage
 * @see https://docs.slack.dev/reference/methods/chat.update — tier 3, 50 a minute
 */
import {
  type Answered,
  type Asked,
  fieldsOf,
  limiter,
  parsed,
  type TestClock,
  tooMany,
  type Vendor,
} from './receiver-server.ts';
import { slackProblem } from './slack-rules.ts';

type Message = Readonly<Record<string, unknown>>;

export const SLACK_TOKEN = 'xoxb-000000000000-secret';
export const SLACK_CHANNEL = 'C0000000001';

export interface SlackApi {
  readonly vendor: Vendor;
  /** The messages that stand in the channel, by their `ts`, each with its versions. */
  readonly channel: Map<string, Message[]>;
}

const says = (body: object): Answered => ({ status: 200, body: JSON.stringify(body) });
const refuses = (error: string): Answered => says({ ok: false, error });

const problemOf = ({ headers, body }: Asked): string | undefined => {
  if (headers['authorization'] === undefined) return 'not_authed';
  if (headers['authorization'] !== `Bearer ${SLACK_TOKEN}`) return 'invalid_auth';
  if (!/^application\/json; ?charset=utf-8$/.test(String(headers['content-type']))) return 'invalid_post_type';
  const message = parsed(body);
  if (message === undefined) return 'invalid_json';
  if (fieldsOf(message)['channel'] !== SLACK_CHANNEL) return 'channel_not_found';
  return slackProblem(fieldsOf(message));
};

export const slackApi = (clock: TestClock): SlackApi => {
  const channel = new Map<string, Message[]>();
  const isPostTooFast = limiter(1, 1_000, clock);
  const isUpdateTooFast = limiter(50, 60_000, clock);
  const post = (message: Message): Answered => {
    const ts = `${Math.floor(clock.now() / 1_000)}.${String(channel.size + 1).padStart(6, '0')}`;
    channel.set(ts, [message]);
    return says({ ok: true, channel: SLACK_CHANNEL, ts, message });
  };
  const update = (message: Message): Answered => {
    const ts = String(message['ts']);
    const versions = channel.get(ts);
    if (versions === undefined) return refuses('message_not_found');
    versions.push(message);
    return says({ ok: true, channel: SLACK_CHANNEL, ts, text: message['text'] });
  };
  return {
    channel,
    vendor: (asked) => {
      const isPost = asked.path === '/api/chat.postMessage';
      if (!isPost && asked.path !== '/api/chat.update') return refuses('unknown_method');
      const wait = isPost ? isPostTooFast() : isUpdateTooFast();
      if (wait !== undefined) return tooMany(wait, JSON.stringify({ ok: false, error: 'ratelimited' }));
      const problem = problemOf(asked);
      if (problem !== undefined) return refuses(problem);
      const message = fieldsOf(parsed(asked.body));
      return isPost ? post(message) : update(message);
    },
  };
};
