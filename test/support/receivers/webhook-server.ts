/** A webhook that takes what is signed in time, and a CloudEvent in structured mode. */
import { createHmac } from 'node:crypto';
import { fieldsOf, parsed, type TestClock, type Vendor } from './receiver-server.ts';

export const WEBHOOK_SECRET = 'a-secret-of-the-webhook-that-is-long';
const WINDOW = 300_000;

export interface Webhook {
  readonly vendor: Vendor;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes */
const isEvent = (event: Readonly<Record<string, unknown>>): boolean =>
  event['specversion'] === '1.0' &&
  ['id', 'source', 'type'].every((name) => typeof event[name] === 'string' && event[name] !== '');

export const webhook = ({ now }: TestClock): Webhook => {
  const events: Readonly<Record<string, unknown>>[] = [];
  return {
    events,
    vendor: ({ headers, body }) => {
      const timestamp = String(headers['x-scanstatus-timestamp']);
      if (!/^\d+$/.test(timestamp) || Math.abs(now() - Number(timestamp) * 1_000) > WINDOW) return { status: 401 };
      const expected = `v1=${createHmac('sha256', WEBHOOK_SECRET).update(`${timestamp}.${body}`).digest('hex')}`;
      if (!String(headers['x-scanstatus-signature']).split(',').includes(expected)) return { status: 401 };
      if (!String(headers['content-type']).startsWith('application/cloudevents+json')) return { status: 415 };
      const event = fieldsOf(parsed(body));
      if (!isEvent(event)) return { status: 400, body: 'no event' };
      events.push(event);
      return { status: 204 };
    },
  };
};
