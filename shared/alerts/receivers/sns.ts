/**
 * Amazon SNS, in the schema of which AWS's applications for chats make messages: all about one alert is one thread.
 *
 * Which chat shows it is not known here, so what comes from scans stands in code that every one of them leaves alone, and
 * what could be a mention in one of them is replaced, not escaped.
 *
 * @see https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html — 256 KB
 */
import { Unavailable } from '../../scans/unavailable.ts';
import { type Alert, type Receiver, Undeliverable } from '../alert.ts';
import { type Judge, judgeByStatus } from './answers.ts';
import { openWay } from './http.ts';
import { messageOf } from './message.ts';
import { MACHINE_CLOCK } from './rate.ts';
import type { ReceiverSettings } from './settings.ts';
import { listWithin, oneLine, shorten } from './texts.ts';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SnsSettings extends ReceiverSettings {
  /** `arn:PARTITION:sns:REGION:ACCOUNT:NAME`. */
  readonly topicArn: string;
  /** The credentials of now, which may publish to the topic. */
  readonly credentials: () => Promise<Credentials>;
  /** Where SNS is; absent, the topic's region says it. */
  readonly url?: string;
}

/** The least quota of a region for standard topics is 300 a second, which others of the account use too. */
const RATE = { perSecond: 50, burst: 50 };
const LONGEST_SUMMARY = 300;

/** Errors with status 400 or 403 after which the same request may succeed: throttling, and credentials being rotated. */
const PASSING = new Set([
  'Throttling', // too many requests
  'ThrottlingException', // too many requests
  'Throttled', // too many requests
  'KMSThrottling', // too many requests for the topic's key
  'RequestExpired', // it took too long to get there
  'ExpiredToken', // there are newer credentials
  'RequestLimitExceeded', // too many requests
]);

const REPLACED: Readonly<Record<string, string>> = { '<': '‹', '>': '›', '`': "'", '@': '＠' };
const harmless = (text: string): string => text.replaceAll(/[<>`@]/g, (character) => REPLACED[character] ?? '');
const code = (text: string): string => `\`${harmless(text)}\``;
const block = (text: string): string => (text === '' ? '' : `\`\`\`\n${harmless(text)}\n\`\`\``);
/** Of a title no code is read; formatting marks are all that is left in it. */
const bare = (text: string): string => harmless(text).replaceAll(/[*_~[\]()\\]/g, ' ');

const notificationOf = (alert: Alert) => {
  const { heading, facts, text, vulnerabilities, more, command } = messageOf(alert);
  const lines = facts.map(([label, value]) => `*${label}:* ${code(value)}`);
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title: oneLine(bare(heading)),
      description: [...lines, block(text), block(listWithin(vulnerabilities, more, 4_096)), block(command)]
        .filter((part) => part !== '')
        .join('\n'),
    },
    metadata: {
      threadId: alert.key,
      summary: shorten(oneLine(bare(heading)), LONGEST_SUMMARY),
      eventType: alert.status,
    },
  };
};

const judge: Judge = (answer) => {
  const judged = judgeByStatus(answer);
  if (judged.outcome === 'taken') return judged;
  // The text of the error may repeat the request, its code does not.
  const said = /<Code>([A-Za-z]{1,64})<\/Code>/.exec(answer.text)?.[1] ?? '';
  return { outcome: PASSING.has(said) ? 'later' : judged.outcome, said };
};

const regionOf = (arn: string): string => /^arn:[a-z-]+:sns:([a-z0-9-]+):\d{12}:[\w.-]+$/.exec(arn)?.[1] ?? '';
const domainOf = (arn: string): string => (arn.startsWith('arn:aws-cn:') ? 'amazonaws.com.cn' : 'amazonaws.com');

const CONTENT_TYPE = 'application/x-www-form-urlencoded; charset=utf-8';

/** The headers of the request with its signature. The signer is loaded when it is first needed. */
const signed = async (url: URL, body: string, region: string, credentials: Credentials, date: Date) => {
  const { signedHeaders } = await import('../../scans/aws-signature.ts');
  return signedHeaders(url, { service: 'sns', region, credentials, date }, { contentType: CONTENT_TYPE, body });
};

export const snsReceiver = (settings: SnsSettings): Receiver => {
  const { name, topicArn, clock = MACHINE_CLOCK } = settings;
  const region = regionOf(topicArn);
  const url = new URL(settings.url ?? `https://sns.${region || 'unknown'}.${domainOf(topicArn)}/`);
  const tell = openWay(settings, RATE);
  return {
    name,
    send: async (alert) => {
      const body = new URLSearchParams({
        Action: 'Publish',
        Version: '2010-03-31',
        TopicArn: topicArn,
        Message: JSON.stringify(notificationOf(alert)),
      }).toString();
      if (region === '') throw new Undeliverable(name, 'its topic is none of SNS');
      const credentials = await settings.credentials().catch((cause) => {
        throw new Unavailable(`${name}: there are no credentials for it`, { cause });
      });
      const headers = await signed(url, body, region, credentials, new Date(clock.now()));
      await tell({ url: url.href, headers, body, secrets: [credentials.secretAccessKey] }, judge);
      return { threadId: alert.key };
    },
    preview: (alert) => ({ url: url.href, body: { TopicArn: topicArn, Message: notificationOf(alert) } }),
  };
};
