/**
 * A record of an archive, as the message it once was.
 *
 * A line holds a structured CloudEvent, a recorded HTTP request, an EventBridge archive entry or an SQS message.
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { eventIn, openEnvelopes } from '../events/envelopes.ts';
import { parseJson } from '../events/json.ts';
import { type Envelopes, type HttpMessage, headerPairs } from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';

type Message = HttpMessage | Envelopes;

const isText = (value: unknown): value is string => typeof value === 'string';

const fromHttpRequest = ({ rawHeaders, body }: JsonObject): HttpMessage => {
  if (!Array.isArray(rawHeaders) || rawHeaders.length % 2 !== 0 || !rawHeaders.every(isText)) {
    throw new Rejected('rawHeaders', 'must be names and values in turn');
  }
  if (!isText(body)) throw new Rejected('body', 'must be a string');
  return { headers: headerPairs(rawHeaders), body };
};

const KINDS = 'a CloudEvent, a recorded HTTP request, an EventBridge entry or an SQS message';

const open = (record: unknown): Message => {
  const { content, field } = openEnvelopes(record, 'line');
  if (!isJsonObject(content)) throw new Rejected(field, 'must be an object');
  const envelope = eventIn(content);
  if (envelope !== undefined) return { mode: 'structured', envelopes: [envelope] };
  if ('rawHeaders' in content) return fromHttpRequest(content);
  throw new Rejected(field, `must be ${KINDS}`);
};

const BYTE_ORDER_MARK = '\ufeff';

/** The message of one line. Throws `Rejected`. A byte order mark, as some editors begin a file with, is passed over. */
export const readRecord = (line: string): Message =>
  open(parseJson(line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line, 'line'));
