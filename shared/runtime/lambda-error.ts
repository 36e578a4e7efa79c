/** Errors as AWS Lambda is to hear them: it logs what it hears whole, and a sender's mistake is worth one line. */
import type { Received } from './received.ts';

/** All that a sender hears of our own mistakes. */
export const INTERNAL = 'an internal error; the event is not lost if it is sent again';

const MAX_MESSAGE = 1_000;

const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, MAX_MESSAGE);

const textOf = ({ id, why = '' }: Received): string => {
  const text = typeof why === 'string' ? why : why.message;
  return id === undefined ? text : `event ${JSON.stringify(id)}: ${text}`;
};

/** An invocation that failed, in one line without a stack. Lambda counts it, and its source sends the event again. */
export class Failed extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(oneLine(problem), options);
    this.name = 'Failed';
    this.stack = `${this.name}: ${this.message}`;
  }
}

/** What is wrong with events, in one line: the first, and how many more there are. */
export const failureOf = (failed: readonly Received[]): string => {
  const [first] = failed;
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  return first === undefined ? '' : `${first.outcome}: ${textOf(first)}${more}`;
};
