/**
 * Any webhook: the alert as a CloudEvent in structured mode, signed and timestamped in the way in which our own functions
 * ask it of their senders: `v1=` and the HMAC-SHA256 of `TIMESTAMP.BODY`, in hexadecimal.
 */
import { createHash, createHmac } from 'node:crypto';
import { type Alert, type Receiver, Undeliverable } from '../alert.ts';
import { openWay } from './http.ts';
import { MACHINE_CLOCK } from './rate.ts';
import { secretOf, shownSecretUrl } from './secrets.ts';
import type { ReadSecret, ReceiverSettings } from './settings.ts';
import { oneLine, shorten, visible } from './texts.ts';

export interface WebhookSettings extends ReceiverSettings {
  readonly url: ReadSecret;
  /** The secrets that it is signed by, one a line and each of 32 characters at least: several while one is replaced. */
  readonly secret: ReadSecret;
  /** Absent, `x-scanstatus-timestamp` and `x-scanstatus-signature`. */
  readonly timestampHeader?: string;
  readonly signatureHeader?: string;
}

const RATE = { perSecond: 50, burst: 50 };
const TYPE = 'dev.scanstatus.alert.v1';
const LEAST_SECRET = 32;
/** As many as our own side looks at. */
const MOST_SECRETS = 8;
const LONGEST = { line: 1_024, text: 16_384 };
const MOST_LISTED = 100;

const line = (text: string): string => shorten(oneLine(text), LONGEST.line);

const cleaned = (values: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? line(value) : value]),
  );

const dataOf = ({ scan, group, vulnerabilities, text, ...alert }: Alert) => ({
  ...cleaned(alert),
  text: shorten(visible(text), LONGEST.text),
  scan: cleaned(scan),
  ...(group && { group: { ...cleaned(group), names: group.names.slice(0, MOST_LISTED).map(line) } }),
  vulnerabilities: vulnerabilities.slice(0, MOST_LISTED).map(cleaned),
});

/** The same alert told twice is the same event, and another one if it is of other scans, or another condition. */
const idOf = ({ key, status, at, to, group }: Alert): string =>
  createHash('sha256')
    .update(JSON.stringify([key, status, at, to, group?.scans, group?.names]))
    .digest('hex');

const eventOf = (alert: Alert) => ({
  specversion: '1.0',
  id: idOf(alert),
  source: `/scanstatus/${encodeURIComponent(line(alert.cluster))}`,
  type: TYPE,
  subject: line(`${alert.scan.namespace}/${alert.scan.kind}/${alert.scan.name}`),
  time: alert.at,
  datacontenttype: 'application/json',
  data: dataOf(alert),
});

const secretsOf = (receiver: string, read: ReadSecret): readonly string[] => {
  const secrets = secretOf(receiver, read)
    .split('\n')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '')
    .slice(0, MOST_SECRETS);
  if (secrets.every(({ length }) => length >= LEAST_SECRET)) return secrets;
  throw new Undeliverable(receiver, `its secret must be of ${LEAST_SECRET} characters at least`);
};

const signature = (secret: string, timestamp: string, body: string): string =>
  `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;

export const webhookReceiver = (settings: WebhookSettings): Receiver => {
  const { name, clock = MACHINE_CLOCK } = settings;
  const { timestampHeader = 'x-scanstatus-timestamp', signatureHeader = 'x-scanstatus-signature' } = settings;
  const tell = openWay(settings, RATE);
  return {
    name,
    send: async (alert) => {
      const url = secretOf(name, settings.url);
      const secrets = secretsOf(name, settings.secret);
      const body = JSON.stringify(eventOf(alert));
      const timestamp = String(Math.floor(clock.now() / 1_000));
      const headers = {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        [timestampHeader]: timestamp,
        [signatureHeader]: secrets.map((secret) => signature(secret, timestamp, body)).join(','),
      };
      await tell({ url, headers, body, secrets: [url, ...secrets] });
      return {};
    },
    preview: (alert) => ({ url: shownSecretUrl(settings.url), body: eventOf(alert) }),
  };
};
