/** What the errors of AWS mean for events that were to be sent: send again, send apart, or somebody has to mend something. */
import { Unavailable } from '../scans/unavailable.ts';

/**
 * Whether another try is worth it now: `again` the same, `apart` each entry alone, because one of them is why all were
 * refused, or `no` for what stays as it is until somebody mends it.
 */
type Next = 'again' | 'apart' | 'no';

export interface Failure {
  readonly why: Unavailable;
  readonly next: Next;
}

/**
 * Codes of errors, whole requests' and single entries', that mean more than their HTTP status does.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
const NEXT = new Map<string, Next>([
  ['InternalFailure', 'again'], // theirs
  ['InternalException', 'again'],
  ['InternalError', 'again'],
  ['ServiceUnavailable', 'again'],
  ['Throttling', 'again'], // all of these: too fast
  ['RequestThrottled', 'again'],
  ['RequestLimitExceeded', 'again'],
  ['TooManyRequests', 'again'],
  ['KmsThrottled', 'again'],
  ['RequestTimeTooSkewed', 'again'], // our clock is wrong: the SDK signs by theirs from now on
  ['RequestExpired', 'again'],
  ['InvalidSignature', 'again'],
  ['BatchRequestTooLong', 'apart'], // a queue of a smaller MaximumMessageSize than SQS has
  ['InvalidMessageContents', 'apart'],
  ['InvalidParameterValue', 'apart'],
  ['Validation', 'apart'],
  ['Serialization', 'apart'],
  ['CredentialsProviderError', 'no'], // of the SDK: nobody was asked
]);

/** Services write a code with or without what comes before it in other protocols, and `Exception` behind it. */
const codeOf = (name: string): string => name.replace(/^AWS\.SimpleQueueService\./, '').replace(/Exception$/, '');

const byCode = (name: string): Next | undefined => NEXT.get(name) ?? NEXT.get(codeOf(name));

const byStatus = (status: number | undefined): Next => {
  // Without a status nobody has answered, or what came was no answer.
  if (status === undefined || status === 429 || status >= 500) return 'again';
  return status === 413 ? 'apart' : 'no';
};

const statusOf = (error: object): number | undefined => {
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
};

/** What went wrong: by its name, where it has one of its own. */
const reasonOf = ({ name, message }: Error): string => (name === 'Error' ? message : name);

/** What a request came to that failed as a whole. @param subject what was asked, for the message */
export const requestFailure = (subject: string, error: unknown): Failure => {
  if (error instanceof Unavailable) return { why: error, next: 'again' };
  if (!(error instanceof Error)) return { why: new Unavailable(`${subject} failed`, { cause: error }), next: 'no' };
  const status = statusOf(error);
  const told = status === undefined ? 'cannot be asked' : 'does not take events';
  const why = new Unavailable(`${subject} ${told} (${reasonOf(error)})`, { cause: error });
  return { why, next: byCode(error.name) ?? byStatus(status) };
};

/** What one entry of a request came to that was answered. @param isOurs whether it says that only we can mend it */
export const entryFailure = (subject: string, code: string, message: string, isOurs?: boolean): Failure => {
  const why = new Unavailable(`${subject} did not take the event (${code})`, { cause: new Error(message) });
  const next = byCode(code) ?? (isOurs === false ? 'again' : 'no');
  return { why, next: next === 'apart' ? 'no' : next };
};
