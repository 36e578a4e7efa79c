/**
 * Amazon SNS for one topic, with an application for chats behind it. The signature is worked out anew, by the steps of the
 * specification.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * @see https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
 */
import { createHash, createHmac } from 'node:crypto';
import { type Answered, type Asked, fieldsOf, parsed, type TestClock, type Vendor } from './receiver-server.ts';

export const TOPIC_ARN = 'arn:aws:sns:eu-central-1:123456789012:scan-alerts';
export const SNS_CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'the-secret-access-key',
  sessionToken: 't',
};

type Fields = Readonly<Record<string, unknown>>;

export interface Sns {
  readonly vendor: Vendor;
  readonly notifications: readonly Fields[];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

export const awsError = (status: number, code: string): Answered => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
});

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/sns\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;

const isSigned = ({ method, path, headers, body }: Asked, now: number): boolean => {
  const [, key, day = '', region = '', names = '', signature] =
    AUTHORIZATION.exec(String(headers['authorization'])) ?? [];
  const date = String(headers['x-amz-date']);
  const instant = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  if (key !== SNS_CREDENTIALS.accessKeyId || region !== 'eu-central-1') return false;
  if (headers['x-amz-security-token'] !== SNS_CREDENTIALS.sessionToken) return false;
  if (!(Math.abs(Date.parse(instant) - now) < 900_000) || !date.startsWith(day)) return false;
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [method, path, '', lines.join(''), names, sha256(body)].join('\n');
  const scope = `${day}/${region}/sns/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const signingKey = [region, 'sns', 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    hmac(`AWS4${SNS_CREDENTIALS.secretAccessKey}`, day),
  );
  return hmac(signingKey, toSign).toString('hex') === signature;
};

const isNotification = (notification: Fields): boolean => {
  const { textType, title, description } = fieldsOf(notification['content']);
  const isCustom = notification['version'] === '1.0' && notification['source'] === 'custom';
  return isCustom && textType === 'client-markdown' && typeof title === 'string' && Boolean(description);
};

const isPublish = (form: URLSearchParams): boolean =>
  form.get('Action') === 'Publish' && form.get('Version') === '2010-03-31';

const isMessage = (message: string): boolean => message !== '' && Buffer.byteLength(message) <= 262_144;

export const sns = ({ now }: TestClock): Sns => {
  const notifications: Fields[] = [];
  return {
    notifications,
    vendor: (asked) => {
      if (!isSigned(asked, now())) return awsError(403, 'SignatureDoesNotMatch');
      const form = new URLSearchParams(asked.body);
      const message = form.get('Message') ?? '';
      if (!isPublish(form)) return awsError(400, 'InvalidAction');
      if (form.get('TopicArn') !== TOPIC_ARN) return awsError(404, 'NotFound');
      if (!isMessage(message)) return awsError(400, 'InvalidParameter');
      const notification = fieldsOf(parsed(message));
      // SNS takes it and the chat shows nothing: here it is said.
      if (!isNotification(notification)) return awsError(400, 'NoNotification');
      notifications.push(notification);
      return { status: 200, body: '<PublishResponse/>' };
    },
  };
};
