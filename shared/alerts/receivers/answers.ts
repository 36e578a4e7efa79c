/** What a receiver's answer means for a message, as far as HTTP says it. */
import { LONGEST_WAIT } from './rate.ts';

/** Refusals that another time may be none: RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4. */
const PASSING = new Set([408, 425, 429]);

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** What an answer means: it took the message, may take it later, or never will. */
interface Judgement {
  readonly outcome: 'taken' | 'later' | 'never';
  /** What it said, for people. */
  readonly said?: string;
}

export type Judge = (answer: Answer) => Judgement;

export const judgeByStatus: Judge = ({ status, text }) => {
  if (status >= 200 && status < 300) return { outcome: 'taken' };
  return { outcome: status >= 500 || PASSING.has(status) ? 'later' : 'never', said: text };
};

/** Seconds that a `Retry-After` asks for, as a number or a date (RFC 9110 §10.2.3), at most a quarter of an hour. */
export const retryAfterOf = (value: string | undefined, now: number): number | undefined => {
  const text = value?.trim() ?? '';
  const seconds = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1_000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(Math.ceil(seconds), 1), LONGEST_WAIT);
};
