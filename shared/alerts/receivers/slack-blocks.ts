/**
 * An alert as Slack shows it. What comes from scans stands as code, where nothing is formatted, or as plain text; `&`,
 * `<` and `>` are escaped everywhere, so that nothing becomes a mention or a link.
 *
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 * @see https://docs.slack.dev/reference/block-kit/blocks/section-block — 3 000 characters of text, 2 000 of a field
 * @see https://docs.slack.dev/reference/block-kit/blocks/header-block — 150 characters
 */
import type { Alert } from '../alert.ts';
import { type Message, messageOf } from './message.ts';
import { listWithin, shorten } from './texts.ts';

const LONGEST = { heading: 150, field: 1_900, section: 2_900, fallback: 1_000 };

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const entity = (character: string): string => ENTITIES[character] ?? character;
/** Nothing but a backtick ends code. */
const codeEntity = (character: string): string => (character === '`' ? "'" : entity(character));

const plain = (text: string, most: number) => ({
  type: 'plain_text',
  text: shorten(text, most, { write: entity }),
  emoji: false,
});
// `verbatim`: what looks like an address, a channel or a name is left alone.
const marked = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });
const codeBlock = (text: string) => ({ type: 'section', text: marked(`\`\`\`${text}\`\`\``) });
const inCode = (text: string, most: number): string => shorten(text, most, { write: codeEntity });

const list = ({ vulnerabilities, more }: Message): string =>
  listWithin(
    vulnerabilities.map((line) => inCode(line, LONGEST.section)),
    more,
    LONGEST.section,
  );

export const slackContent = (alert: Alert) => {
  const message = messageOf(alert);
  const { heading, facts, text, command } = message;
  const vulnerabilities = list(message);
  return {
    // What notifications and readers of the screen say.
    text: shorten(heading, LONGEST.fallback, { write: entity }),
    blocks: [
      { type: 'header', text: plain(heading, LONGEST.heading) },
      {
        type: 'section',
        fields: facts.map(([label, value]) => marked(`*${label}*\n\`${inCode(value, LONGEST.field)}\``)),
      },
      ...(text === '' ? [] : [{ type: 'section', text: plain(text, LONGEST.section) }]),
      ...(vulnerabilities === '' ? [] : [codeBlock(vulnerabilities)]),
      ...(command === '' ? [] : [codeBlock(inCode(command, LONGEST.section))]),
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
};
