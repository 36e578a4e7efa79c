/**
 * Messages of a queue that are wrong for good, put into its dead-letter queue at their first receive, where the setting
 * `DEAD_LETTER_QUEUE_URL` names one.
 *
 * SQS moves a message there by its count of receives alone, and would not know where ours came from if it were to move
 * them back. So a letter is the whole message as Lambda handed it over: it says when and where it came from, and both a
 * replay and the functions read it like any message. A letter that is not taken leaves its message in the queue.
 */
import type { JsonObject } from '../conditions/status.ts';
import type { Output } from './output.ts';

/** Takes letters, and says of each why it was not taken. */
export type DeadLetters = Output;

/** The message, named so that a FIFO queue takes it once. Its receipt opens nothing any more. */
export const letterOf = ({ receiptHandle: _, ...record }: JsonObject): JsonObject => ({
  id: record.messageId,
  source: record.eventSourceARN,
  ...record,
});
