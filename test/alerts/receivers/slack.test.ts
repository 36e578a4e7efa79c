/** Slack: what people see, what Slack makes of it, and one message for an alert. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Undeliverable } from '../../../shared/alerts/alert.ts';
import { slackApiReceiver } from '../../../shared/alerts/receivers/slack-api.ts';
import { slackContent } from '../../../shared/alerts/receivers/slack-blocks.ts';
import { slackWebhookReceiver } from '../../../shared/alerts/receivers/slack-webhook.ts';
import { Unavailable } from '../../../shared/scans/unavailable.ts';
import { errorOf } from '../../support/error-of.ts';
import { anAlert, hostileAlert, resolved } from '../../support/receivers/alerts.ts';
import { receiverServers, type Troubles, testClock } from '../../support/receivers/receiver-server.ts';
import { SLACK_CHANNEL, SLACK_TOKEN, slackApi } from '../../support/receivers/slack-api-server.ts';
import { slackMarks, slackProblem, slackShows } from '../../support/receivers/slack-rules.ts';
import { SLACK_PATH, slackWebhook } from '../../support/receivers/slack-webhook-server.ts';

const serve = receiverServers();

describe('a message of Slack', () => {
  it('says which scan, what of it, what changed, the worst first, how many more, and how to look further', () => {
    const shown = slackShows(slackContent(anAlert()));
    const parts = [
      '[CRITICAL] Policy failed: ImageScan shop/cart',
      'ImageScan shop/cart',
      'registry.example/shop/cart@sha256:1234',
      'PolicySucceeded is False (EvaluationFailed)',
      'CVE-2026-0001 CRITICAL in openssl 3.0.1, fixed in 3.0.2',
      'CVE-2026-0002 HIGH in zlib_ng 1.2, no fix known',
      '… and 7 more',
      'kubectl describe imagescan -n shop cart',
    ];
    const places = parts.map((part) => shown.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  it('that ends an alert is shorter, and names no vulnerability', () => {
    const shown = slackShows(slackContent(resolved()));
    expect(shown).toContain('[RESOLVED] Policy passed again');
    expect(shown).not.toContain('CVE-');
    expect(shown).not.toContain('more');
  });

  it('holds no mention, no link and no formatting but ours, whatever the scan holds', () => {
    fc.assert(
      fc.property(hostileAlert, (alert) => {
        const message = slackContent(alert);
        expect(slackProblem(message)).toBeUndefined();
        expect(slackMarks(message)).toEqual([]);
      }),
    );
  });
});

describe('Slack’s webhook', () => {
  const start = async (state?: 'archived' | 'prohibited') => {
    const clock = testClock();
    const slack = slackWebhook(clock, state);
    const server = await serve(slack.vendor, clock);
    const at = (path: string) => slackWebhookReceiver({ ...server.settings, url: () => `${server.url}${path}\n` });
    return { slack, at, clock };
  };

  it('is told of an end by a second message', async () => {
    const { slack, at, clock } = await start();
    const receiver = at(SLACK_PATH);
    await receiver.send(resolved(), await receiver.send(anAlert()));
    expect(slack.messages.map(({ text }) => String(text).split(']')[0])).toEqual(['[CRITICAL', '[RESOLVED']);
    expect(clock.slept).toEqual([1_000]);
  });

  it.each([
    ['archived' as const, SLACK_PATH, '410 channel_is_archived'],
    ['prohibited' as const, SLACK_PATH, '403 action_prohibited'],
    [undefined, '/services/T0/B0/wrong', '404 no_service'],
  ])('that will never take it: %s %s', async (state, path, problem) => {
    const { at } = await start(state);
    const error = await errorOf(at(path).send(anAlert()));
    expect(error).toBeInstanceOf(Undeliverable);
    expect(error.message).toBe(`ops: answered ${problem}`);
  });

  it('whose URL is in a file that cannot be read just now is told later', async () => {
    const { slack } = await start();
    for (const url of [() => ' \n', () => fail()]) {
      const error = await errorOf(slackWebhookReceiver({ name: 'ops', url }).send(anAlert()));
      expect(error).toBeInstanceOf(Unavailable);
      expect(error.message).toBe('ops: its secret cannot be read or is empty');
      expect(slackWebhookReceiver({ name: 'ops', url }).preview(anAlert()).url).toBe('…');
    }
    expect(slack.messages).toEqual([]);
  });
});

const fail = (): never => {
  throw new Error('ENOENT');
};

describe('Slack’s API', () => {
  const start = async (troubles?: Troubles, settings: { token?: string; channel?: string } = {}) => {
    const clock = testClock();
    const slack = slackApi(clock);
    const server = await serve(slack.vendor, clock, troubles);
    const { token = SLACK_TOKEN, channel = SLACK_CHANNEL } = settings;
    const receiver = slackApiReceiver({ ...server.settings, url: `${server.url}/api`, token: () => token, channel });
    return { slack, server, receiver, clock };
  };
  const heads = (versions: readonly unknown[] | undefined) =>
    (versions as readonly { readonly text: string }[]).map(({ text }) => text.split(']')[0]?.slice(1));

  it('keeps one message for an alert: it is updated, and updated when it ends', async () => {
    const { slack, receiver } = await start();
    const first = await receiver.send(anAlert());
    const second = await receiver.send(anAlert({ severity: 'warning' }), first);
    const last = await receiver.send(resolved(), second);
    expect(slack.channel.size).toBe(1);
    expect(heads(slack.channel.get(String(first.ts)))).toEqual(['CRITICAL', 'WARNING', 'RESOLVED']);
    expect(last).toEqual({ channel: SLACK_CHANNEL, ts: first.ts, status: 'resolved', severity: 'info' });
  });

  it('says in its thread, for the whole channel, what has become graver, and nothing else', async () => {
    const { slack, receiver, server } = await start();
    const warned = await receiver.send(anAlert({ severity: 'warning' }));
    const graver = await receiver.send(anAlert({ severity: 'critical' }), warned);
    const same = await receiver.send(anAlert({ severity: 'critical', more: 9 }), graver);
    const milder = await receiver.send(anAlert({ severity: 'error' }), same);
    await receiver.send(resolved(), milder);
    const posts = server.requests
      .filter(({ path }) => path.endsWith('chat.postMessage'))
      .map(({ body }) => JSON.parse(body));
    expect(posts).toHaveLength(2);
    expect(posts[1]).toMatchObject({
      thread_ts: warned.ts,
      reply_broadcast: true,
      text: expect.stringMatching(/^\[CRITICAL\] Policy failed/),
    });
    expect(heads(slack.channel.get(String(warned.ts)))).toEqual([
      'WARNING',
      'CRITICAL',
      'CRITICAL',
      'ERROR',
      'RESOLVED',
    ]);
  });

  it('says so once more where nobody knows whether the thread was told', async () => {
    const { receiver } = await start((request) => (request === 2 ? { status: 503 } : undefined));
    const warned = await receiver.send(anAlert({ severity: 'warning' }));
    expect(await errorOf(receiver.send(anAlert(), warned))).toBeInstanceOf(Unavailable);
    expect(await receiver.send(anAlert(), warned)).toMatchObject({ ts: warned.ts, severity: 'critical' });
  });

  it('tells anew what begins anew, since nobody hears of an update', async () => {
    const { slack, receiver } = await start();
    const ended = await receiver.send(resolved(), await receiver.send(anAlert()));
    const again = await receiver.send(anAlert(), ended);
    expect(again.ts).not.toBe(ended.ts);
    expect(slack.channel.size).toBe(2);
    expect(receiver.preview(anAlert(), ended).url).toMatch(/chat\.postMessage$/);
    expect(receiver.preview(anAlert(), again).url).toMatch(/chat\.update$/);
  });

  it.each(['message_not_found', 'edit_window_closed', 'cant_update_message'])(
    'tells anew where the message can no longer be changed: %s',
    async (error) => {
      const { slack, receiver } = await start((request) =>
        request === 1 ? { status: 200, body: JSON.stringify({ ok: false, error }) } : undefined,
      );
      const before = await receiver.send(anAlert());
      const after = await receiver.send(resolved(), before);
      expect(after.ts).not.toBe(before.ts);
      expect(heads(slack.channel.get(String(after.ts)))).toEqual(['RESOLVED']);
    },
  );

  it.each(['ratelimited', 'rate_limited', 'internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'])(
    'that says no for now is told later: %s',
    async (error) => {
      const { receiver } = await start(() => ({ status: 200, body: JSON.stringify({ ok: false, error }) }));
      const thrown = await errorOf(receiver.send(anAlert()));
      expect(thrown).toBeInstanceOf(Unavailable);
      expect(thrown.message).toBe(`ops: answered 200 ${error}`);
    },
  );

  it('that answers what Slack never does is told later', async () => {
    const { receiver } = await start(() => ({ status: 200, body: '<html>login</html>' }));
    expect(await errorOf(receiver.send(anAlert()))).toBeInstanceOf(Unavailable);
  });

  it.each([
    [{ token: 'xoxb-wrong' }, 'invalid_auth'],
    [{ channel: 'C404' }, 'channel_not_found'],
  ])('that says no for good is not told again: %j', async (settings, problem) => {
    const { receiver } = await start(undefined, settings);
    const error = await errorOf(receiver.send(anAlert()));
    expect(error).toBeInstanceOf(Undeliverable);
    expect(error.message).toBe(`ops: answered 200 ${problem}`);
  });

  it('whose token no header can carry is not told, and the token is not either', async () => {
    const { receiver, server } = await start(undefined, { token: 'xoxb-one\nxoxb-two' });
    const error = await errorOf(receiver.send(anAlert()));
    expect(error).toBeInstanceOf(Undeliverable);
    expect(`${error.message} ${String(error.cause)}`).not.toContain('xoxb');
    expect(server.requests).toEqual([]);
  });

  it('is updated within what its tier allows', async () => {
    const { receiver, server, clock } = await start();
    let before = await receiver.send(anAlert());
    for (let at = 0; at < 100; at += 1) before = await receiver.send(anAlert({ more: at }), before);
    expect(server.requests).toHaveLength(101);
    expect(clock.slept.length).toBeGreaterThan(90);
  });
});
