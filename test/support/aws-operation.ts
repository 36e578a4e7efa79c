/** What the operations of the AWS on this machine have in common. */
import type { JsonObject } from '../../shared/conditions/status.ts';

/** A request that is refused as a whole. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message = code, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export type Entry = Readonly<Record<string, unknown>>;

/** In place of a code: an answer that tells nothing of the entry, which nobody promised but does not rule out either. */
export const UNSAID = 'unsaid';

export interface Answered {
  readonly output: JsonObject;
  /** The entries that were taken. */
  readonly taken: readonly Entry[];
}

/** @param refuse says the code that an entry is refused with although it is right */
export type Operation = (input: JsonObject, refuse: (entry: Entry) => string | undefined) => Answered;
