/** Amazon SNS: custom notifications, one thread for an alert, harmless in whichever chat they end. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Undeliverable } from '../../../shared/alerts/alert.ts';
import { type SnsSettings, snsReceiver } from '../../../shared/alerts/receivers/sns.ts';
import { Unavailable } from '../../../shared/scans/unavailable.ts';
import { errorOf } from '../../support/error-of.ts';
import { anAlert, hostileAlert, resolved } from '../../support/receivers/alerts.ts';
import { receiverServers, type Troubles, testClock } from '../../support/receivers/receiver-server.ts';
import { awsError, SNS_CREDENTIALS, sns, TOPIC_ARN } from '../../support/receivers/sns-server.ts';

const serve = receiverServers();

const start = async (more: Partial<SnsSettings> = {}, troubles?: Troubles) => {
  const clock = testClock();
  const vendor = sns(clock);
  const server = await serve(vendor.vendor, clock, troubles);
  const known = { url: server.url, topicArn: TOPIC_ARN, credentials: async () => SNS_CREDENTIALS };
  return { ...vendor, receiver: snsReceiver({ ...server.settings, ...known, ...more }) };
};

describe('a notification', () => {
  it('and its end are one thread', async () => {
    const { receiver, notifications } = await start();
    await receiver.send(anAlert());
    await receiver.send(resolved());
    const { key } = anAlert();
    expect(notifications.map(({ metadata }) => metadata)).toEqual([
      expect.objectContaining({ threadId: key, eventType: 'firing' }),
      expect.objectContaining({ threadId: key, eventType: 'resolved' }),
    ]);
    expect(notifications[0]?.['content']).toEqual({
      textType: 'client-markdown',
      title: 'CRITICAL Policy failed: ImageScan shop/cart',
      description: [
        '*Scan:* `ImageScan shop/cart`',
        '*Artifact:* `registry.example/shop/cart＠sha256:1234`',
        '*Changed:* `PolicySucceeded is False (EvaluationFailed)`',
        '*Cluster:* `prod-eu`',
        '*Since:* `2026-03-01T11:58:00Z`',
        '```\n2 vulnerabilities failed the policy.\n```',
        '```\nCVE-2026-0001 CRITICAL in openssl 3.0.1, fixed in 3.0.2\nCVE-2026-0002 HIGH in zlib_ng 1.2, no fix known\n… and 7 more\n```',
        '```\nkubectl describe imagescan -n shop cart\n```',
      ].join('\n'),
    });
  });

  it('holds no mention, no link and no code that ends too soon, whatever a scan holds', () => {
    const receiver = snsReceiver({ name: 'ops', topicArn: TOPIC_ARN, credentials: async () => SNS_CREDENTIALS });
    fc.assert(
      fc.property(hostileAlert, (alert) => {
        const { Message } = receiver.preview(alert).body as {
          Message: { content: { title: string; description: string } };
        };
        const { title, description } = Message.content;
        expect(`${title}${description}`).not.toMatch(/[<>@]|:\/\/|www\./i);
        expect(title).not.toMatch(/[*_~`[\]\n]/);
        const outside = description
          .replaceAll(/```\n[^`]*\n```|`[^`\n]+`/g, '')
          .replaceAll(/^\*[A-Z][a-z]+:\* *$/gm, '');
        expect(outside.trim()).toBe('');
      }),
    );
  });
});

describe('SNS', () => {
  it.each(['Throttling', 'ThrottlingException', 'KMSThrottling', 'ExpiredToken', 'RequestExpired'])(
    'is told later: %s',
    async (code) => {
      const { receiver } = await start({}, () => awsError(400, code));
      const error = await errorOf(receiver.send(anAlert()));
      expect(error).toBeInstanceOf(Unavailable);
      expect(error.message).toBe(`ops: answered 400 ${code}`);
    },
  );

  it.each([
    [{ topicArn: `${TOPIC_ARN}-2` }, 'ops: answered 404 NotFound'],
    [{ topicArn: 'no-topic' }, 'ops: its topic is none of SNS'],
    [
      { credentials: async () => ({ ...SNS_CREDENTIALS, secretAccessKey: 'w' }) },
      'ops: answered 403 SignatureDoesNotMatch',
    ],
  ])('is not told again: %j', async (more, problem) => {
    const { receiver } = await start(more);
    const error = await errorOf(receiver.send(anAlert()));
    expect(error).toBeInstanceOf(Undeliverable);
    expect(error.message).toBe(problem);
  });

  it('is told later where there are no credentials just now', async () => {
    const { receiver } = await start({ credentials: () => Promise.reject(new Error('none')) });
    expect(String(await errorOf(receiver.send(anAlert())))).toBe('Unavailable: ops: there are no credentials for it');
  });

  it('of a region is at its own address', () => {
    const at = (topicArn: string) =>
      snsReceiver({ name: 'ops', topicArn, credentials: async () => SNS_CREDENTIALS }).preview(anAlert()).url;
    expect(at(TOPIC_ARN)).toBe('https://sns.eu-central-1.amazonaws.com/');
    expect(at('arn:aws-cn:sns:cn-north-1:123456789012:a')).toBe('https://sns.cn-north-1.amazonaws.com.cn/');
  });
});
