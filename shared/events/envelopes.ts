/**
 * What queues, topics and buses put around a content, and what is found inside: a CloudEvent, or the exporter's object.
 *
 * An envelope may hold another, to a depth of two, as queues behind topics behind buses do.
 */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { factOfReason } from './exporter.ts';
import { parseJson } from './json.ts';
import { MAX_BODY } from './message.ts';
import { Rejected } from './rejected.ts';
import { JOB_FINISHED, JOB_STARTED } from './types.ts';

/** Envelopes around a content. */
export const MAX_NESTED = 2;

/** Envelopes by what only they have among those that follow: the content inside, and the field it stands in. */
const ENVELOPES: readonly (readonly [field: string, isOne: (record: JsonObject) => boolean])[] = [
  ['Message', (record) => record.Type === 'Notification'], // Amazon SNS; it has a MessageId, too
  ['detail', (record) => 'detail-type' in record], // Amazon EventBridge: events and archive entries
  ['body', (record) => 'messageId' in record || 'receiptHandle' in record], // Amazon SQS, as Lambda gets it
  ['Body', (record) => 'MessageId' in record || 'ReceiptHandle' in record], // Amazon SQS, as ReceiveMessage answers
];

/** What was found when nothing was left to open. */
export interface Opened {
  readonly content: unknown;
  /** Where it stood, for whoever must hear what is wrong with it. */
  readonly field: string;
  /** The replay of an EventBridge archive that sent it; of several the outermost, which is the one that runs now. */
  readonly replay?: string;
}

const isReadItself = (content: JsonObject): boolean => 'specversion' in content || 'rawHeaders' in content;

const fieldInside = (content: unknown): string | undefined =>
  isJsonObject(content) && !isReadItself(content) ? ENVELOPES.find(([, isOne]) => isOne(content))?.[0] : undefined;

const parseInside = (inner: unknown, field: string): unknown => {
  if (typeof inner !== 'string') return inner;
  if (Buffer.byteLength(inner) > MAX_BODY)
    throw new Rejected(field, `must not be larger than ${MAX_BODY} bytes`, { status: 413 });
  return parseJson(inner, field);
};

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html */
const replayOf = ({ 'replay-name': name }: JsonObject): { readonly replay?: string } => {
  if (name === undefined || name === null) return {};
  if (typeof name !== 'string') throw new Rejected('replay-name', 'must be a string');
  return { replay: name };
};

/**
 * Opens a record until there is no envelope left. Throws `Rejected` where that takes more than `most`, or where what is
 * inside is no JSON.
 *
 * @param field where the record stands
 */
export const openEnvelopes = (record: unknown, field: string, most = MAX_NESTED): Opened => {
  let opened: Opened = { content: record, field };
  for (let nested = 0; ; nested += 1) {
    const inside = fieldInside(opened.content);
    if (inside === undefined) return opened;
    if (nested === most) throw new Rejected(inside, `envelopes nest deeper than ${MAX_NESTED}`);
    const envelope = opened.content as JsonObject;
    const content = parseInside(envelope[inside], inside);
    opened = { ...replayOf(envelope), ...opened, content, field: inside };
  }
};

/** The source that the exporter's own events carry, as recorded; an event about what has no namespace is none of ours. */
const sourceOf = ({ namespace }: JsonObject): string =>
  `/apis/batch/v1/namespaces/${typeof namespace === 'string' ? namespace : ''}/jobs`;

/** The exporter's object on a queue, without any envelope: its uid is its identity, its reason tells its type. */
const fromExporter = (data: JsonObject): JsonObject => {
  const { metadata, involvedObject, reason } = data;
  if (!isJsonObject(metadata) || !isJsonObject(involvedObject))
    throw new Rejected('metadata', 'must be an object, as involvedObject');
  // A reason that tells nothing is ignored by whichever function gets it.
  const type = factOfReason(reason) === 'finished' ? JOB_FINISHED : JOB_STARTED;
  return { specversion: '1.0', id: metadata.uid, source: sourceOf(involvedObject), type, data };
};

/**
 * The attributes and `data` of the event that a content is, not yet checked; `undefined` where it is neither a CloudEvent
 * nor the exporter's object. Throws `Rejected`.
 */
export const eventIn = (content: JsonObject): JsonObject | undefined => {
  if ('specversion' in content) return content;
  return 'involvedObject' in content ? fromExporter(content) : undefined;
};
