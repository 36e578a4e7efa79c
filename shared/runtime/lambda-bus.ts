/** Events of EventBridge and SNS: there is no answer but success and failure, and a failure sends all of it again. */
import { isJsonObject } from '../conditions/status.ts';
import type { AnyFunction } from './function.ts';
import { Failed, failureOf } from './lambda-error.ts';
import { type Delivered, failedOf, takeAll } from './lambda-messages.ts';
import type { Responding } from './respond.ts';

/** Receives the messages. Throws `Failed` where an event was refused, rejected or could not be handled now. */
export const handlePushed = async (
  messages: readonly Delivered[],
  functions: readonly AnyFunction[],
  responding: Responding,
): Promise<void> => {
  const failed = failedOf((await takeAll(messages, functions, responding)).flat());
  if (failed.length > 0) throw new Failed(failureOf(failed));
};

/** @see https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html#services-sns-event-example */
export const pushedByTopic = ({ Sns: notification }: Delivered): Delivered =>
  isJsonObject(notification) ? notification : {};
