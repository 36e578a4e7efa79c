/** How long a queue hides a message that cannot be handled now. */

/** A message as a queue handed it out. */
export interface Receipt {
  /** The ARN of the queue. */
  readonly queueArn: string;
  readonly receiptHandle: string;
}

export interface Visibility {
  /** Hides the message for so many whole seconds from now. Rejects where the queue does not take it. */
  readonly extend: (receipt: Receipt, seconds: number) => Promise<void>;
}

/** The longest time that a message is hidden, in seconds. */
export const LONGEST_HIDDEN = 900;
/** The longest time after the first receive, in seconds; it doubles with each. */
const FIRST_HIDDEN = 10;

/**
 * Whole seconds to hide a message that was received so many times: anything up to a bound that grows to 15 minutes (full
 * jitter), so that what failed together does not come back together. On average a message that nobody can handle comes
 * back about 200 times a day: a fifth of the 1000 receives after which SQS may give it up at the latest.
 *
 * @param receives how often it was received so far, from 1
 * @param random from 0 to less than 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const secondsHidden = (receives: number, random: number): number => {
  const bound = Math.min(LONGEST_HIDDEN, FIRST_HIDDEN * 2 ** (receives - 1));
  return 1 + Math.floor(random * bound);
};
