/**
 * Error bodies: one line of ASCII that names the event and the field at fault.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457 (problem details)
 */
import { STATUS_CODES } from 'node:http';
import { Rejected } from '../events/rejected.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { Reply } from './receive.ts';
import type { Outcome, Received } from './received.ts';

const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const lineOf = ({ id, why }: Received): string => {
  const text = typeof why === 'string' ? why : (why?.message ?? '');
  return id === undefined ? text : `event ${JSON.stringify(id)}: ${text}`;
};

/** An answer that says what is wrong, as `application/problem+json`. */
export const problem = (
  status: number,
  detail: string,
  members: object = {},
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: asciiJson({ type: 'about:blank', title: STATUS_CODES[status], status, detail, ...members }),
});

/**
 * The answer to a message some of whose events have this outcome: the first in words, and all by their `id` and field.
 * Of a batch, also by their place: an event may have no `id`.
 */
export const problemOf = (
  status: number,
  { batch, received }: Reply,
  outcome: Outcome,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => {
  const failed = received.flatMap((one, index) => (one.outcome === outcome ? [{ ...one, index }] : []));
  const named = failed.map(({ index, id, why }) => ({
    ...(batch && { index }),
    ...(id !== undefined && { id }),
    ...(why instanceof Rejected && { field: why.field }),
  }));
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  const [first] = failed;
  const detail = first === undefined ? '' : `${lineOf(first)}${more}`;
  return problem(status, detail, failed.length > 1 ? { events: named } : named[0], headers);
};
