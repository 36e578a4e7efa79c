/**
 * PagerDuty's Events API, version 2: an alert triggers what its key names, and resolves it. Told twice it is one incident:
 * the key is PagerDuty's own.
 *
 * @see https://developer.pagerduty.com/docs/send-alert-event — 1 024 characters of summary, 255 of a key, 512 KB
 */
import type { Alert, Receiver } from '../alert.ts';
import { openWay } from './http.ts';
import { messageOf } from './message.ts';
import { secretOf } from './secrets.ts';
import type { ReadSecret, ReceiverSettings } from './settings.ts';
import { oneLine, shorten, unlinked } from './texts.ts';

export interface PagerDutySettings extends ReceiverSettings {
  /** The integration's key, 32 characters. */
  readonly routingKey: ReadSecret;
  /** Where events go, `https://events.pagerduty.com/v2/enqueue` unless told otherwise. */
  readonly url?: string;
}

/** Of the 120 a minute that an integration may send, fewer than are refused even where all burst at once. */
const RATE = { perSecond: 1, burst: 30 };
const LONGEST_SUMMARY = 1_024;
const LONGEST_FIELD = 255;

const field = (text: string): string => shorten(unlinked(oneLine(text)), LONGEST_FIELD) || '–';

const payloadOf = (alert: Alert) => {
  const { heading, facts, text, vulnerabilities, more, command } = messageOf(alert);
  return {
    summary: shorten(heading, LONGEST_SUMMARY),
    source: field(`${alert.cluster}/${alert.scan.namespace}`),
    severity: alert.severity,
    timestamp: alert.since,
    component: field(alert.group === undefined ? `${alert.scan.kind}/${alert.scan.name}` : alert.rule),
    group: field(alert.scan.namespace),
    class: field(alert.condition),
    custom_details: {
      ...Object.fromEntries(facts.map(([label, value]) => [label.toLowerCase(), value])),
      text,
      vulnerabilities,
      more,
      command,
    },
  };
};

const eventOf = (alert: Alert, routingKey: string) => {
  const event = { routing_key: routingKey, dedup_key: alert.key };
  if (alert.status === 'resolved') return { ...event, event_action: 'resolve' };
  return { ...event, event_action: 'trigger', client: 'Scan Status', payload: payloadOf(alert) };
};

export const pagerDutyReceiver = (settings: PagerDutySettings): Receiver => {
  const { name, url = 'https://events.pagerduty.com/v2/enqueue' } = settings;
  const tell = openWay(settings, RATE);
  return {
    name,
    send: async (alert) => {
      const key = secretOf(name, settings.routingKey);
      const headers = { 'content-type': 'application/json' };
      await tell({ url, headers, body: JSON.stringify(eventOf(alert, key)), secrets: [key] });
      return { dedup_key: alert.key };
    },
    preview: (alert) => ({ url, body: eventOf(alert, '…') }),
  };
};
