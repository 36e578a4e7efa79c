/**
 * A record of an archive, as the message it once was.
 *
 * A line holds a structured CloudEvent, a recorded HTTP request, an EventBridge archive entry or an SQS message; an
 * envelope may hold another, to a depth of two, as queues behind buses do.
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { factOfReason } from '../events/exporter.ts';
import { parseJson } from '../events/json.ts';
import { type Envelopes, type HttpMessage, headerPairs } from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';
import { JOB_FINISHED, JOB_STARTED } from '../events/types.ts';

type Message = HttpMessage | Envelopes;

const MAX_NESTED = 2;

const structured = (envelope: unknown): Envelopes => ({ mode: 'structured', envelopes: [envelope] });

const isText = (value: unknown): value is string => typeof value === 'string';

const fromHttpRequest = ({ rawHeaders, body }: JsonObject): HttpMessage => {
  if (!Array.isArray(rawHeaders) || rawHeaders.length % 2 !== 0 || !rawHeaders.every(isText)) {
    throw new Rejected('rawHeaders', 'must be names and values in turn');
  }
  if (!isText(body)) throw new Rejected('body', 'must be a string');
  return { headers: headerPairs(rawHeaders), body };
};

/** The source that the exporter's own events carry, as recorded. */
const sourceOf = (involved: JsonObject): string => `/apis/batch/v1/namespaces/${involved.namespace}/jobs`;

/** The exporter's object on a queue, without any envelope: its uid is its identity, its reason tells its type. */
const fromExporter = (data: JsonObject): Envelopes => {
  const { metadata, involvedObject, reason } = data;
  if (!isJsonObject(metadata) || !isJsonObject(involvedObject))
    throw new Rejected('metadata', 'must be an object, as involvedObject');
  // A reason that tells nothing is ignored by whichever function gets it.
  const type = factOfReason(reason) === 'finished' ? JOB_FINISHED : JOB_STARTED;
  return structured({ specversion: '1.0', id: metadata.uid, source: sourceOf(involvedObject), type, data });
};

/** Envelopes by what only they have among those that follow: the content inside, and the field it stands in. */
const ENVELOPES: readonly (readonly [field: string, isOne: (record: JsonObject) => boolean])[] = [
  ['Message', (record) => record.Type === 'Notification'], // Amazon SNS; it has a MessageId, too
  ['detail', (record) => 'detail-type' in record], // Amazon EventBridge: events and archive entries
  ['body', (record) => 'messageId' in record || 'receiptHandle' in record], // Amazon SQS, as Lambda gets it
  ['Body', (record) => 'MessageId' in record || 'ReceiptHandle' in record], // Amazon SQS, as ReceiveMessage answers
];

/** @param field where the record stands, for the message */
const open = (record: unknown, field: string, nested: number): Message => {
  if (!isJsonObject(record)) throw new Rejected(field, 'must be an object');
  if ('specversion' in record) return structured(record);
  if ('rawHeaders' in record) return fromHttpRequest(record);
  const inside = ENVELOPES.find(([, isOne]) => isOne(record))?.[0];
  if (inside !== undefined) {
    if (nested === MAX_NESTED) throw new Rejected(inside, `envelopes nest deeper than ${MAX_NESTED}`);
    const inner = record[inside];
    return open(isText(inner) ? parseJson(inner, inside) : inner, inside, nested + 1);
  }
  if ('involvedObject' in record) return fromExporter(record);
  throw new Rejected(field, 'must be a CloudEvent, a recorded HTTP request, an EventBridge entry or an SQS message');
};

const BYTE_ORDER_MARK = '\ufeff';

/** The message of one line. Throws `Rejected`. A byte order mark, as some editors begin a file with, is passed over. */
export const readRecord = (line: string): Message =>
  open(parseJson(line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line, 'line'), 'line', 0);
