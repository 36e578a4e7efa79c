/**
 * A workflow of Microsoft Teams that posts the cards it is sent.
 *
 * @see https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using — 28 KB, four
 *   requests a second
 * @see https://adaptivecards.io/schemas/adaptive-card.json
 */
import { type Answered, fieldsOf, limiter, parsed, type TestClock, tooMany, type Vendor } from './receiver-server.ts';

export const TEAMS_PATH =
  '/workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=2016-06-01&sig=SECRET-SIGNATURE';

type Fields = Readonly<Record<string, unknown>>;

export interface Teams {
  readonly vendor: Vendor;
  readonly cards: readonly Fields[];
}

const invalid = (message: string): Answered => ({
  status: 400,
  body: JSON.stringify({ error: { code: 'TriggerInputSchemaMismatch', message } }),
});

const isRun = (value: unknown): boolean => {
  const { type, text } = fieldsOf(value);
  return type === 'TextRun' && typeof text === 'string' && text !== '';
};

/** Of the elements of cards, text in runs alone: Markdown is read of every other. */
const isElement = (value: unknown): boolean => {
  const { type, inlines } = fieldsOf(value);
  return type === 'RichTextBlock' && Array.isArray(inlines) && inlines.length > 0 && inlines.every(isRun);
};

const cardIn = (body: unknown): Fields | undefined => {
  const { type, attachments } = fieldsOf(body);
  if (type !== 'message' || !Array.isArray(attachments) || attachments.length !== 1) return undefined;
  const { contentType, content } = fieldsOf(attachments[0]);
  const { type: cardType, version, body: elements } = fieldsOf(content);
  const isCard = contentType === 'application/vnd.microsoft.card.adaptive' && cardType === 'AdaptiveCard';
  if (!isCard || !/^1\.[0-5]$/.test(String(version))) return undefined;
  return Array.isArray(elements) && elements.length > 0 && elements.every(isElement) ? fieldsOf(content) : undefined;
};

/** The lines that a person sees. */
export const cardShows = ({ body }: Fields): readonly string[] =>
  (body as readonly Fields[]).map(({ inlines }) =>
    (inlines as readonly Fields[]).map(({ text }) => String(text)).join(''),
  );

export const teams = (clock: TestClock): Teams => {
  const isTooFast = limiter(4, 1_000, clock);
  const cards: Fields[] = [];
  return {
    cards,
    vendor: ({ method, path, headers, body }) => {
      if (path !== TEAMS_PATH || method !== 'POST') return { status: 401, body: '{"error":{"code":"Unauthorized"}}' };
      const wait = isTooFast();
      if (wait !== undefined) return tooMany(wait);
      if (Buffer.byteLength(body) > 28 * 1_024) return { status: 413, body: 'RequestEntityTooLarge' };
      if (!String(headers['content-type']).startsWith('application/json')) return invalid('no JSON');
      const card = cardIn(parsed(body));
      if (card === undefined) return invalid('no card');
      cards.push(card);
      return { status: 202 };
    },
  };
};
