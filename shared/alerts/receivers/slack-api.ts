/**
 * Slack's Web API: one message for an alert, which is updated while it lasts and when it ends. An alert that begins anew
 * after its end is a new message, since Slack notifies nobody of an update; and for that reason one that becomes graver is
 * said in its thread as well, for the whole channel.
 *
 * Spoken over plain HTTP: Slack's own client retries, resolves names and follows redirects in its own ways, and of its
 * hundreds of methods two are needed.
 *
 * @see https://docs.slack.dev/reference/methods/chat.postMessage
 * @see https://docs.slack.dev/reference/methods/chat.update
 */
import * as z from 'zod';
import { type Alert, type AlertSeverity, type MessageRef, type Receiver, SEVERITIES, Undeliverable } from '../alert.ts';
import { type Judge, judgeByStatus } from './answers.ts';
import { openWay } from './http.ts';
import { secretOf } from './secrets.ts';
import type { ReadSecret, ReceiverSettings } from './settings.ts';
import { slackContent } from './slack-blocks.ts';

export interface SlackApiSettings extends ReceiverSettings {
  /** A bot's token with the scope `chat:write`. */
  readonly token: ReadSecret;
  /** The channel's ID or name. */
  readonly channel: string;
  /** Where the methods are, `https://slack.com/api` unless told otherwise. */
  readonly url?: string;
}

/** A second for each message of a channel; updates are of tier 3, 50 a minute. */
const POST_RATE = { perSecond: 1, burst: 1 };
const UPDATE_RATE = { perSecond: 0.75, burst: 5 };

/** Slack says no with status 200, and why with a word: those after which the same request may succeed. */
const PASSING = new Set([
  'ratelimited', // the method was called too often
  'rate_limited', // the channel was told too often
  'message_limit_exceeded', // the workspace posts too much just now
  'internal_error', // theirs, and the operation may have been half done
  'fatal_error', // theirs
  'service_unavailable', // theirs
  'request_timeout', // the body came too slowly
  'team_added_to_org', // the workspace is moving
  'org_login_required', // the workspace has just moved
]);

/** The message that an update is of can no longer be changed, or is gone; it is told anew. */
const LOST = new Set(['message_not_found', 'edit_window_closed', 'cant_update_message']);

const answered = z.object({
  ok: z.boolean(),
  error: z.string().catch('').optional(),
  ts: z.string().max(64).optional(),
  channel: z.string().max(64).optional(),
});
type Answered = z.infer<typeof answered>;

const read = (text: string): Answered => {
  try {
    return answered.parse(JSON.parse(text));
  } catch {
    // Not what Slack says: somebody between us and it spoke.
    return { ok: false, error: 'service_unavailable' };
  }
};

const judge: Judge = (answer) => {
  if (answer.status !== 200) return judgeByStatus(answer);
  const { ok, error = '' } = read(answer.text);
  // To be lost is an answer that we know to go on from.
  if (ok || LOST.has(error)) return { outcome: 'taken' };
  return { outcome: PASSING.has(error) ? 'later' : 'never', said: error };
};

/** What is told of next is an update where the message still stands for the alert. */
const updatable = (alert: Alert, before: MessageRef | undefined): before is MessageRef =>
  before?.ts !== undefined && (before.status === 'firing' || alert.status === 'resolved');

/** Less for graver; of what is not known, more than for all. */
const rankOf = (severity: string | undefined): number => {
  const rank = SEVERITIES.indexOf(severity as AlertSeverity);
  return rank === -1 ? SEVERITIES.length : rank;
};

const isGraver = ({ status, severity }: Alert, before: MessageRef): boolean =>
  status === 'firing' && before.severity !== undefined && rankOf(severity) < rankOf(before.severity);

export const slackApiReceiver = (settings: SlackApiSettings): Receiver => {
  const { name, channel, url = 'https://slack.com/api' } = settings;
  const post = openWay(settings, POST_RATE);
  const update = openWay(settings, UPDATE_RATE);
  const call = async (tell: typeof post, method: string, body: object): Promise<Answered> => {
    const token = secretOf(name, settings.token);
    const headers = { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` };
    return read(await tell({ url: `${url}/${method}`, headers, body: JSON.stringify(body), secrets: [token] }, judge));
  };
  const newMessage = (alert: Alert) => ({ channel, parse: 'none', link_names: false, ...slackContent(alert) });
  const changed = (alert: Alert, { channel: where = channel, ts }: MessageRef) => ({
    ...newMessage(alert),
    channel: where,
    ts,
  });
  const inThread = (alert: Alert, { channel: where = channel, ts }: MessageRef) => {
    const { text } = slackContent(alert);
    return { channel: where, thread_ts: ts, reply_broadcast: true, parse: 'none', link_names: false, text };
  };
  const postNew = async (alert: Alert): Promise<MessageRef> => {
    const { ok, ts, channel: where = channel, error } = await call(post, 'chat.postMessage', newMessage(alert));
    if (!ok || ts === undefined) throw new Undeliverable(name, `answered ${error ?? 'without saying which message'}`);
    return { channel: where, ts, status: alert.status, severity: alert.severity };
  };
  return {
    name,
    send: async (alert, before) => {
      if (!updatable(alert, before)) return postNew(alert);
      const { ok } = await call(update, 'chat.update', changed(alert, before));
      if (!ok) return postNew(alert);
      if (isGraver(alert, before)) await call(post, 'chat.postMessage', inThread(alert, before));
      return { ...before, status: alert.status, severity: alert.severity };
    },
    preview: (alert, before) =>
      updatable(alert, before)
        ? { url: `${url}/chat.update`, body: changed(alert, before) }
        : { url: `${url}/chat.postMessage`, body: newMessage(alert) },
  };
};
