/** A message of an SQS queue: its name, how often it came, and how it is hidden when it cannot be handled now. */
import { isJsonObject } from '../conditions/status.ts';
import { Failed } from './lambda-error.ts';
import type { Delivered } from './lambda-messages.ts';
import type { Logger } from './log.ts';
import { secondsHidden, type Visibility } from './visibility.ts';

/** What there is to know of a message beside its content. */
export interface QueueMessage {
  readonly messageId: string;
  readonly queueArn: string;
  readonly receiptHandle: string;
  /** How often it was received, this time included. */
  readonly receives: number;
}

/** How many messages are hidden at once. */
const AT_ONCE = 16;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const receivesOf = (attributes: unknown): number => {
  const count = isJsonObject(attributes) ? text(attributes.ApproximateReceiveCount) : '';
  return /^[1-9]\d{0,5}$/.test(count) ? Number(count) : 1;
};

/** Throws `Failed` for a message without a name: it could not be reported, and an answer that does not name it ends it. */
export const readMessage = (
  { messageId, eventSourceARN, receiptHandle, attributes }: Delivered,
  at: number,
): QueueMessage => {
  if (text(messageId) === '') throw new Failed(`Records[${at}].messageId: must be a string`);
  return {
    messageId: text(messageId),
    queueArn: text(eventSourceARN),
    receiptHandle: text(receiptHandle),
    receives: receivesOf(attributes),
  };
};

interface Hiding {
  readonly visibility: Visibility;
  readonly log: Logger;
  /** From 0 to less than 1. */
  readonly random: () => number;
}

/** Hides a message for a while. Where the queue does not take that, the message comes back by its own timeout: sooner. */
const hide = async (
  { messageId, queueArn, receiptHandle, receives }: QueueMessage,
  { visibility, log, random }: Hiding,
): Promise<void> => {
  try {
    await visibility.extend({ queueArn, receiptHandle }, secondsHidden(receives, random()));
  } catch (err) {
    log.warn({ message: messageId, queue: queueArn, err }, 'a message could not be hidden');
  }
};

/** Hides messages that cannot be handled now, each for a time of its own. */
export const hideAll = async (messages: readonly QueueMessage[], hiding: Hiding): Promise<void> => {
  for (let first = 0; first < messages.length; first += AT_ONCE) {
    await Promise.all(messages.slice(first, first + AT_ONCE).map((message) => hide(message, hiding)));
  }
};
