/**
 * Prometheus Alertmanager, API version 2: an alert is its labels, so they are made of identity, and all text stands in
 * annotations.
 *
 * Alertmanager ends by itself what nobody renews, after minutes. A scan's state is told when it changes, so an alert says
 * when it ends: in 30 days, which each message about it renews, or at the instant of the fact that resolved it. And since
 * it keeps alerts in memory alone, and expects its clients to repeat them, it is told of them again.
 *
 * @see https://prometheus.io/docs/alerting/latest/alerts_api/
 * @see https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
import * as z from 'zod';
import type { Alert, MessageRef, Receiver } from '../alert.ts';
import { openWay } from './http.ts';
import { headingOf, messageOf } from './message.ts';
import { MACHINE_CLOCK } from './rate.ts';
import { secretOf } from './secrets.ts';
import type { ReadSecret, ReceiverSettings } from './settings.ts';
import { listWithin, oneLine, shorten, unlinked } from './texts.ts';

export interface AlertmanagerSettings extends ReceiverSettings {
  /** Where it is, without `/api/v2/alerts`. */
  readonly url: string;
  /** A bearer token, where something in front of it asks for one. */
  readonly token?: ReadSecret;
}

/** It publishes none; this is for its sake and ours. */
const RATE = { perSecond: 50, burst: 50 };
const RENEW_EVERY = 10 * 60 * 1_000;
const FIRING_FOR = 30 * 24 * 60 * 60 * 1_000;
const LONGEST_LABEL = 1_024;
const LONGEST_LIST = 4_096;

type Labels = Readonly<Record<string, string>>;
const labelsIn = z.record(z.string(), z.string());

/** Labels of a group name no scan: which is the first of it may change. An empty label would be none. */
const labelsOf = ({ rule, cluster, scan, group, condition, severity }: Alert): Labels => {
  const { kind, namespace, name, uid } = scan;
  const scanLabels = group === undefined ? { namespace, kind, name, uid } : { namespace: group.namespace };
  const labels = Object.entries({ alertname: rule, cluster, ...scanLabels, condition, severity });
  return Object.fromEntries(
    labels.map(([label, value]) => [label, shorten(unlinked(oneLine(value)), LONGEST_LABEL) || '–']),
  );
};

const annotationsOf = (alert: Alert): Labels => {
  const { facts, text, vulnerabilities, more, command } = messageOf(alert);
  const annotations = [
    ['summary', headingOf(alert)],
    ...facts.map(([label, value]) => [label.toLowerCase(), value] as const),
    ['description', text],
    ['vulnerabilities', listWithin(vulnerabilities, more, LONGEST_LIST)],
    ['command', command],
  ] as const;
  return Object.fromEntries(annotations.filter(([, value]) => value !== ''));
};

const earlier = (one: string, other: string): string => (Date.parse(one) <= Date.parse(other) ? one : other);

/** What was told of the same alert under other labels, which would go on firing. */
const labelsBefore = (before: MessageRef | undefined): Labels | undefined => {
  if (before?.status !== 'firing' || before.labels === undefined) return undefined;
  try {
    return labelsIn.parse(JSON.parse(before.labels));
  } catch {
    return undefined;
  }
};

const postable = (alert: Alert, before: MessageRef | undefined, now: number) => {
  const labels = labelsOf(alert);
  const told = labelsBefore(before);
  const startsAt = earlier(alert.since, alert.at);
  const annotations = annotationsOf(alert);
  // Not later than now: what ends in the future still fires.
  const ended = earlier(alert.at, new Date(now).toISOString());
  const end = (of: Labels) => ({ labels: of, annotations, startsAt: earlier(startsAt, ended), endsAt: ended });
  if (alert.status === 'resolved') return [end(told ?? labels)];
  const moved = told !== undefined && JSON.stringify(told) !== JSON.stringify(labels) ? [end(told)] : [];
  return [...moved, { labels, annotations, startsAt, endsAt: new Date(now + FIRING_FOR).toISOString() }];
};

export const alertmanagerReceiver = (settings: AlertmanagerSettings): Receiver => {
  const { name, token, clock = MACHINE_CLOCK } = settings;
  const url = `${settings.url.replace(/\/$/, '')}/api/v2/alerts`;
  const tell = openWay(settings, RATE);
  return {
    name,
    renewEvery: RENEW_EVERY,
    send: async (alert, before) => {
      const secrets = token === undefined ? [] : [secretOf(name, token)];
      const [secret] = secrets;
      const headers = { 'content-type': 'application/json', ...(secret && { authorization: `Bearer ${secret}` }) };
      await tell({ url, headers, body: JSON.stringify(postable(alert, before, clock.now())), secrets });
      return { status: alert.status, labels: JSON.stringify(labelsOf(alert)) };
    },
    preview: (alert, before) => ({ url, body: postable(alert, before, clock.now()) }),
  };
};
