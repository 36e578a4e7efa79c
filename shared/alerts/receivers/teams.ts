/**
 * Microsoft Teams, through a workflow that begins "when a Teams webhook request is received". It takes cards and cannot
 * update them, so the end of an alert is a second card.
 *
 * What comes from scans stands in text runs, of which no Markdown is read, so nothing in it is formatted or a link.
 *
 * @see https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using — 28 KB, and
 *   four requests a second
 * @see https://adaptivecards.io/explorer/TextRun.html
 */
import type { Alert, Receiver } from '../alert.ts';
import { openWay } from './http.ts';
import { type Message, messageOf } from './message.ts';
import { secretOf, shownSecretUrl } from './secrets.ts';
import type { ReadSecret, ReceiverSettings } from './settings.ts';
import { bytes, listWithin } from './texts.ts';

export interface TeamsSettings extends ReceiverSettings {
  /** The URL of the workflow: its signature lets who knows it post. */
  readonly url: ReadSecret;
}

/** Four in any second, a burst and what grows meanwhile counted together. */
const RATE = { perSecond: 2, burst: 2 };
/** Bytes of the list; the other parts are bounded so that all is less than 28 KB. */
const LONGEST_LIST = 8_000;

type Style = Readonly<Record<string, string | boolean>>;

const run = (text: string, style: Style = {}) => ({ type: 'TextRun', text, ...style });
const paragraph = (...inlines: readonly object[]) => ({ type: 'RichTextBlock', inlines });
const MONOSPACE = { fontType: 'Monospace' };

const textParagraphs = (text: string, style?: Style) => (text === '' ? [] : [paragraph(run(text, style))]);

const cardOf = ({ heading, facts, text, vulnerabilities, more, command }: Message) => ({
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  type: 'AdaptiveCard',
  version: '1.4',
  body: [
    paragraph(run(heading, { weight: 'Bolder', size: 'Large' })),
    ...facts.map(([label, value]) => paragraph(run(`${label}: `, { weight: 'Bolder' }), run(value))),
    ...textParagraphs(text),
    ...listWithin(vulnerabilities, more, LONGEST_LIST, bytes)
      .split('\n')
      .flatMap((line) => textParagraphs(line, MONOSPACE)),
    ...textParagraphs(command, MONOSPACE),
  ],
});

const content = (alert: Alert) => ({
  type: 'message',
  attachments: [
    {
      contentType: 'application/vnd.microsoft.card.adaptive',
      contentUrl: null,
      content: cardOf(messageOf(alert)),
    },
  ],
});

export const teamsReceiver = (settings: TeamsSettings): Receiver => {
  const tell = openWay(settings, RATE);
  return {
    name: settings.name,
    send: async (alert) => {
      const url = secretOf(settings.name, settings.url);
      const headers = { 'content-type': 'application/json; charset=utf-8' };
      await tell({ url, headers, body: JSON.stringify(content(alert)), secrets: [url] });
      return {};
    },
    preview: (alert) => ({ url: shownSecretUrl(settings.url), body: content(alert) }),
  };
};
