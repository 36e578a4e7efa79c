/** SendMessageBatch and ChangeMessageVisibility as SQS does them: a queue whose name ends in `.fifo` asks for more. */
import { createHash, randomUUID } from 'node:crypto';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type Answered, type Entry, Refusal, UNSAID } from './aws-operation.ts';

const MAX_ENTRIES = 10;
/** 1 MiB, of a message and of a request. */
const MAX_BYTES = 1_048_576;
const MAX_VISIBILITY = 43_200;

const ENTRY_ID = /^[\w-]{1,80}$/;
/** What XML may hold. */
const CONTENTS = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]+$/u;
const FIFO_NAME = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;
const QUEUE_URL = /^https?:\/\/[^/]+\/(?:[\w-]+\/)+([\w-]{1,80}(?:\.fifo)?)$/;

const queueOf = ({ QueueUrl }: JsonObject): string => {
  const name = QUEUE_URL.exec(String(QueueUrl))?.[1];
  if (name === undefined) throw new Refusal('QueueDoesNotExist', 'The specified queue does not exist.');
  return name;
};

const bodyOf = ({ MessageBody }: Entry): string => (typeof MessageBody === 'string' ? MessageBody : '');

/** The code of what is wrong with a message. A queue that is no FIFO queue takes a group, and no deduplication. */
const codeOf = (entry: Entry, isFifo: boolean): string | undefined => {
  const { MessageGroupId, MessageDeduplicationId } = entry;
  if (bodyOf(entry) === '') return 'MissingParameter';
  if (!CONTENTS.test(bodyOf(entry))) return 'InvalidMessageContents';
  if (!isFifo) return MessageDeduplicationId === undefined ? undefined : 'InvalidParameterValue';
  const names = [MessageGroupId, MessageDeduplicationId];
  return names.every((name) => FIFO_NAME.test(String(name ?? ''))) ? undefined : 'InvalidParameterValue';
};

const checkBatch = (entries: readonly Entry[]): void => {
  const ids = new Set(entries.map(({ Id }) => Id));
  if (entries.length === 0) throw new Refusal('EmptyBatchRequest', 'There should be at least one entry.');
  if (entries.length > MAX_ENTRIES)
    throw new Refusal('TooManyEntriesInBatchRequest', 'Maximum number of entries is 10.');
  if (ids.size < entries.length) throw new Refusal('BatchEntryIdsNotDistinct', 'Ids must be distinct.');
  if (![...ids].every((id) => ENTRY_ID.test(String(id)))) throw new Refusal('InvalidBatchEntryId', 'A wrong id.');
  const bytes = entries.reduce((sum, entry) => sum + Buffer.byteLength(bodyOf(entry)), 0);
  if (bytes > MAX_BYTES)
    throw new Refusal('BatchRequestTooLong', `Batch requests cannot be longer than ${MAX_BYTES} bytes.`);
};

const INTERNAL = new Set(['InternalError', 'ThrottlingException', 'SomethingOfTheirs']);

export const sendMessages = (input: JsonObject, refuse: (entry: Entry) => string | undefined): Answered => {
  const isFifo = queueOf(input).endsWith('.fifo');
  const entries = (Array.isArray(input.Entries) ? input.Entries : []) as readonly Entry[];
  checkBatch(entries);
  const codes = entries.map((entry) => codeOf(entry, isFifo) ?? refuse(entry));
  const Successful = entries.flatMap((entry, at) => {
    const MD5OfMessageBody = createHash('md5').update(bodyOf(entry)).digest('hex');
    return codes[at] === undefined ? [{ Id: entry.Id, MessageId: randomUUID(), MD5OfMessageBody }] : [];
  });
  const Failed = entries.flatMap(({ Id }, at) => {
    const Code = codes[at];
    return Code === undefined || Code === UNSAID
      ? []
      : [{ Id, Code, Message: `${Code}.`, SenderFault: !INTERNAL.has(Code) }];
  });
  return { output: { Successful, Failed }, taken: entries.filter((_, at) => codes[at] === undefined) };
};

export const changeVisibility = (input: JsonObject): Answered => {
  queueOf(input);
  const { ReceiptHandle, VisibilityTimeout } = input;
  const seconds = Number(VisibilityTimeout);
  if (ReceiptHandle === '') throw new Refusal('ReceiptHandleIsInvalid', 'The input receipt handle is invalid.');
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_VISIBILITY) {
    throw new Refusal('InvalidParameterValue', 'VisibilityTimeout must be between 0 and 43200.');
  }
  return { output: {}, taken: [] };
};
