/** Input that is wrong, or its sender's not to send, and stays so: sending it again does not help. */
import type { z } from 'zod';

/** The HTTP status of a rejection: malformed, too large, or of a media type that nobody here reads. */
export type RejectedStatus = 400 | 413 | 415;

/** Input of somebody who may not send it: without a signature, or with one that is not ours. */
export class Refused extends Error {
  readonly status: 401 | 403;

  constructor(problem: string, options: ErrorOptions & { readonly status: 401 | 403 }) {
    super(problem, options);
    this.name = 'Refused';
    this.status = options.status;
  }
}

const MAX_FIELD = 256;

/** Says which field is at fault and what is allowed there, in one line for the sender. */
export class Rejected extends Error {
  readonly field: string;
  readonly status: RejectedStatus;

  constructor(at: string, problem: string, options: ErrorOptions & { readonly status?: RejectedStatus } = {}) {
    // A name may be the sender's, and a log must not be flooded with it.
    const field = at.length > MAX_FIELD ? `${at.slice(0, MAX_FIELD)}…` : at;
    super(`${field}: ${problem}`, options);
    this.name = 'Rejected';
    this.field = field;
    this.status = options.status ?? 400;
  }
}

/** The first thing that a schema found wrong with the value of `field`. */
export const rejectedBySchema = (field: string, error: z.ZodError): Rejected => {
  const [issue] = error.issues;
  const path = [field, ...(issue?.path ?? [])].map(String).join('.');
  return new Rejected(path, issue?.message ?? 'is not valid', { cause: error });
};
