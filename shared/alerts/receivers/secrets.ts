/** Secrets of receivers, their URLs among them: read when they are needed, and kept out of what people see. */
import { shownUrl } from '../../remote/refused-source.ts';
import { Unavailable } from '../../scans/unavailable.ts';
import type { ReadSecret } from './settings.ts';
import { oneLine, shorten } from './texts.ts';

/** Characters of an answer that an error repeats. */
const LONGEST_SAID = 200;
/** What is shorter is a word of the interface, not a secret. */
const SHORTEST_SECRET = 8;

/** The secret as it is now. Throws `Unavailable` where it cannot be read, or is empty: it may just be being replaced. */
export const secretOf = (receiver: string, read: ReadSecret): string => {
  let secret = '';
  let cause: unknown;
  try {
    secret = read().trim();
  } catch (error) {
    cause = error;
  }
  if (secret === '') throw new Unavailable(`${receiver}: its secret cannot be read or is empty`, { cause });
  return secret;
};

/** A URL whose path is a secret, as people may see it. */
const withoutPath = (url: string): string => {
  const origin = URL.parse(url)?.origin;
  return origin === undefined || origin === 'null' ? '…' : `${origin}/…`;
};

/** A secret URL for a preview, which needs no secret to be there. */
export const shownSecretUrl = (read: ReadSecret): string => {
  try {
    return withoutPath(read().trim());
  } catch {
    return '…';
  }
};

/** Of a text, what may be repeated to people: one line, short, and without secrets. */
export const repeatable = (text: string, secrets: readonly string[]): string => {
  const hidden = secrets.filter((secret) => secret !== '').reduce((said, secret) => said.replaceAll(secret, '…'), text);
  return shorten(oneLine(hidden), LONGEST_SAID);
};

/** The parts of a secret URL, the longest first; its origin is no secret. */
export const partsOf = (url: URL): readonly string[] => {
  const parts = [...url.pathname.split('/'), ...url.searchParams.values(), ...url.search.slice(1).split(/[&=]/)];
  const secret = parts.filter(({ length }) => length >= SHORTEST_SECRET);
  return [url.href, shownUrl(url), ...secret].toSorted((one, other) => other.length - one.length);
};
