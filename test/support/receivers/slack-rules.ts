/**
 * What Slack takes for a message, and what it would make of it.
 *
 * @see https://docs.slack.dev/reference/block-kit/blocks — 50 blocks
 * @see https://docs.slack.dev/reference/block-kit/blocks/section-block — 3 000 characters, 10 fields of 2 000
 * @see https://docs.slack.dev/reference/block-kit/blocks/header-block — plain text of 150 characters
 * @see https://docs.slack.dev/reference/methods/chat.postMessage — 40 000 characters of text
 */
import { fieldsOf } from './receiver-server.ts';

type Fields = Readonly<Record<string, unknown>>;

const isText = (value: unknown, most: number, types: readonly string[]): boolean => {
  const { type, text, verbatim, emoji } = fieldsOf(value);
  if (typeof text !== 'string' || text.length < 1 || text.length > most || !types.includes(String(type))) return false;
  return type === 'plain_text' ? verbatim === undefined : emoji === undefined;
};

const BOTH = ['plain_text', 'mrkdwn'];

const isBlock = (block: unknown): boolean => {
  const { type, text, fields } = fieldsOf(block);
  if (type === 'header') return isText(text, 150, ['plain_text']);
  if (type !== 'section' || (text === undefined && fields === undefined)) return false;
  if (text !== undefined && !isText(text, 3_000, BOTH)) return false;
  if (fields === undefined) return true;
  return (
    Array.isArray(fields) &&
    fields.length >= 1 &&
    fields.length <= 10 &&
    fields.every((field) => isText(field, 2_000, BOTH))
  );
};

/** The word that Slack refuses a message with; `undefined`, it is right. */
export const slackProblem = ({ text, blocks }: Fields): 'no_text' | 'msg_too_long' | 'invalid_blocks' | undefined => {
  if (blocks === undefined && (typeof text !== 'string' || text === '')) return 'no_text';
  if (typeof text === 'string' && text.length > 40_000) return 'msg_too_long';
  if (blocks === undefined) return undefined;
  return Array.isArray(blocks) && blocks.length >= 1 && blocks.length <= 50 && blocks.every(isBlock)
    ? undefined
    : 'invalid_blocks';
};

interface TextObject {
  readonly type: string;
  readonly text: string;
  readonly verbatim?: boolean;
}

const textsIn = (value: unknown): readonly TextObject[] => {
  if (Array.isArray(value)) return value.flatMap(textsIn);
  const fields = fieldsOf(value);
  if (typeof fields['type'] === 'string' && typeof fields['text'] === 'string')
    return [fields as unknown as TextObject];
  return Object.values(fields).flatMap(textsIn);
};

const ADDRESS = /[a-z]+:\/\/|\bwww\./i;
/** Code, and our own labels in bold: of what is left, Slack would make something. */
const OURS = /```[^`]*```|`[^`]+`|^\*[A-Z][a-z]+\*$/gm;

/** What Slack would make of a message that is more than letters: mentions, links, and formatting outside of code. */
export const slackMarks = (message: Fields): readonly string[] => {
  const objects = textsIn(message['blocks']);
  const all = [String(message['text']), ...objects.map(({ text }) => text)];
  const control = all.flatMap((text) => text.match(/<[^>]*>?|&(?!amp;|lt;|gt;)/g) ?? []);
  const linked = [
    ...objects.filter(({ type, verbatim }) => type === 'plain_text' || verbatim !== true).map(({ text }) => text),
    String(message['text']),
  ].filter((text) => ADDRESS.test(text));
  const formatted = objects
    .filter(({ type }) => type === 'mrkdwn')
    .flatMap(({ text }) => text.replaceAll(OURS, '').match(/\S+/g) ?? []);
  // Names of channels become links there, too.
  const parsed = objects.filter(({ type, verbatim }) => type === 'mrkdwn' && verbatim !== true).map(({ text }) => text);
  return [...control, ...linked, ...formatted, ...parsed];
};

/** The text that a person sees. */
export const slackShows = (message: Fields): string =>
  textsIn(message['blocks'])
    .map(({ text }) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'))
    .join('\n');
