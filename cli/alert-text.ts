/** What people would be told, as text for a terminal and as JSON for programs. */
import { messageOf } from '../shared/alerts/receivers/message.ts';
import type { ReceiverKind } from '../shared/alerts/receivers-config.ts';
import type { Preview, Previewed, PreviewedEvent } from './alert-preview.ts';

/** What people call them. */
export const KINDS: Readonly<Record<ReceiverKind, string>> = {
  slack: 'Slack',
  slackWebhook: 'Slack webhook',
  teams: 'Microsoft Teams',
  pagerDuty: 'PagerDuty',
  alertmanager: 'Alertmanager',
  webhook: 'webhook',
  sns: 'Amazon SNS',
};

const instantText = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+/, '');

/** What it says, whatever it looks like there; PagerDuty is only told which incident is over. */
const linesOf = ({ kind, alert }: Previewed): readonly string[] => {
  const { heading, facts, text, vulnerabilities, more, command } = messageOf(alert);
  if (kind === 'pagerDuty' && alert.status === 'resolved') return [heading];
  return [
    heading,
    ...facts.map(([label, value]) => `${label}: ${value}`),
    ...(text === '' ? [] : text.split('\n')),
    ...vulnerabilities.map((line) => `- ${line}`),
    ...(more > 0 ? [`… and ${more} more`] : []),
    `$ ${command}`,
  ];
};

/** Messages that say the same at the same time, together. */
const together = (messages: readonly Previewed[]): readonly (readonly Previewed[])[] => {
  const said = (message: Previewed): string => JSON.stringify([message.at, ...linesOf(message)]);
  return [...Map.groupBy(messages, said).values()];
};

const messageText = (messages: readonly Previewed[]): string => {
  const [first] = messages;
  if (first === undefined) return '';
  const whom = messages.map(({ receiver, kind, request }) => `${receiver} (${KINDS[kind]}): POST ${request.url}\n`);
  return [`${instantText(first.at)}\n`, ...whom, ...linesOf(first).map((line) => `    ${line}\n`), '\n'].join('');
};

const isUntold = ({ outcome }: PreviewedEvent): boolean => outcome !== 'applied';

const eventText = ({ line, outcome, why }: PreviewedEvent): string =>
  `line ${line}: ${outcome}${why === undefined ? '' : `: ${why}`}\n`;

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

/** Every message, then each event of which nobody was told. */
export const textOf = ({ messages, events }: Preview): string => {
  const untold = events.filter(isUntold).map(eventText);
  const sum = `${count(messages.length, 'message')} of ${count(events.length, 'event')}`;
  return [...together(messages).map(messageText), ...untold, sum, '\n'].join('');
};

export const jsonOf = ({ messages, events, summary }: Preview): string => {
  const told = messages.map(({ receiver, kind, at, alert: { status, severity, rule }, request }) => ({
    at: instantText(at),
    receiver,
    kind,
    status,
    severity,
    rule,
    ...request,
  }));
  return `${JSON.stringify({ messages: told, events, summary }, undefined, 2)}\n`;
};
