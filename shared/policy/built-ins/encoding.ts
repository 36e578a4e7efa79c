/** Built-ins that turn texts into other texts, and back: by way of their bytes in UTF-8. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { array, type Family, object, set, type TermObject, takes, text, Undefined } from './operands.ts';
import { compareTexts, sortedMembers } from './terms.ts';

const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** One character in UTF-8, or one byte that belongs to none. */
const SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}|[\x80-\xff]/g;
const REPLACEMENT = Buffer.from('\ufffd').toString('latin1');

/** Bytes as a text. OPA keeps bytes that are no UTF-8 until somebody reads them, each as U+FFFD; here they are that. */
const decode = (bytes: Buffer): string => {
  try {
    return strict.decode(bytes);
  } catch {
    const mended = bytes.toString('latin1').replace(SEQUENCE, (found) => (found.length === 1 ? REPLACEMENT : found));
    return Buffer.from(mended, 'latin1').toString();
  }
};

const HEX = /^(?:[0-9a-f]{2})*$/i;

const hexDecode = (value: string): string => {
  if (!HEX.test(value)) throw new Undefined('is no hexadecimal text');
  return decode(Buffer.from(value, 'hex'));
};

/** Go leaves letters, digits and `-_.~`; JavaScript also `!'()*`. */
const queryEscape = (value: string): string =>
  encodeURIComponent(value.toWellFormed())
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');

const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i;

const queryUnescape = (value: string): string => {
  if (BROKEN_ESCAPE.test(value)) throw new Undefined('invalid URL escape');
  const spaced = value.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  // Bytes that are no UTF-8 become what Unicode has for them.
  return spaced.replace(/(?:%[0-9a-f]{2})+/gi, (run) => decode(Buffer.from(run.replaceAll('%', ''), 'hex')));
};

const encodeObject = (fields: TermObject): string =>
  Object.keys(fields)
    .sort(compareTexts)
    .flatMap((name) => {
      const field = fields[name];
      const values: readonly unknown[] = set(field) ? sortedMembers(field) : array(field) ? field : [field];
      if (!values.every(text)) throw new Undefined('values must be string, array[string], or set[string]');
      return values.map((value) => `${queryEscape(name)}=${queryEscape(value)}`);
    })
    .join('&');

/** Go's own bound (net/url: defaultMaxParams). */
const MOST_PARAMETERS = 10_000;

const decodeObject = (query: string): TermObject => {
  const fields = new Map<string, string[]>();
  const parts = query.split('&');
  if (parts.length > MOST_PARAMETERS) throw new Undefined('number of URL query parameters exceeded limit');
  for (const part of parts) {
    if (part.includes(';')) throw new Undefined('invalid semicolon separator in query');
    if (part === '') continue;
    const at = part.includes('=') ? part.indexOf('=') : part.length;
    const name = queryUnescape(part.slice(0, at));
    const values = fields.get(name) ?? [];
    values.push(queryUnescape(part.slice(at + 1)));
    fields.set(name, values);
  }
  return Object.fromEntries(fields);
};

const hash =
  (algorithm: string) =>
  (value: string): string =>
    createHash(algorithm).update(value).digest('hex');

const hmac =
  (algorithm: string) =>
  (value: string, key: string): string =>
    createHmac(algorithm, key).update(value).digest('hex');

const sameBytes = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

export const ENCODING: Family = [
  ['base64url.encode_no_pad', takes([text], (value) => Buffer.from(value).toString('base64url'))],
  ['hex.encode', takes([text], (value) => Buffer.from(value).toString('hex'))],
  ['hex.decode', takes([text], hexDecode)],
  ['urlquery.encode', takes([text], queryEscape)],
  ['urlquery.decode', takes([text], queryUnescape)],
  ['urlquery.encode_object', takes([object], encodeObject)],
  ['urlquery.decode_object', takes([text], decodeObject)],
  ['crypto.md5', takes([text], hash('md5'))],
  ['crypto.sha1', takes([text], hash('sha1'))],
  ['crypto.sha256', takes([text], hash('sha256'))],
  ['crypto.hmac.md5', takes([text, text], hmac('md5'))],
  ['crypto.hmac.sha1', takes([text, text], hmac('sha1'))],
  ['crypto.hmac.sha256', takes([text, text], hmac('sha256'))],
  ['crypto.hmac.sha512', takes([text, text], hmac('sha512'))],
  ['crypto.hmac.equal', takes([text, text], sameBytes)],
];
