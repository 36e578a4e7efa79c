/**
 * What an API server answers when it does not do as asked, and what that means for an event.
 *
 * @see https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
 * (response status kind)
 */
import * as z from 'zod';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { Rejected } from '../events/rejected.ts';
import type { HttpAnswer } from './dispatch.ts';
import { Conflict, Unavailable } from './unavailable.ts';

/** There is no object of this name. Any other 404, as of a CRD that is not installed, names none. */
export class Gone extends Error {
  readonly object: string;

  constructor(object: string) {
    super(`there is no ${object}`);
    this.name = 'Gone';
    this.object = object;
  }
}

/** What `ask` answers; `undefined` where the object of this name is gone. */
export const unlessGone = async <T>(name: string, ask: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    if (error.object === name) return undefined;
    throw new Unavailable(`the API server does not know ${error.object}`, { cause: error });
  }
};

const MAX_TEXT = 512;
/** Seconds. A server that asks for more is asked again sooner: it may have recovered. */
const LONGEST_WAIT = 300;

const status = z.object({
  reason: z.string().catch(''),
  message: z.string().catch(''),
  details: z.object({ name: z.string().catch('') }).catch({ name: '' }),
});

const NO_STATUS = { reason: '', message: '', details: { name: '' } };

/** The Status that a server sends where it refuses; an empty one where the text is none. */
export const parseStatus = (text: string): z.infer<typeof status> => {
  try {
    return status.safeParse(JSON.parse(text)).data ?? NO_STATUS;
  } catch {
    return NO_STATUS;
  }
};

const retryAfter = (headers: HttpAnswer['headers']): { readonly retryAfter?: number } => {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isInteger(seconds) && seconds >= 0 ? { retryAfter: Math.min(seconds, LONGEST_WAIT) } : {};
};

/** What to do where the server refuses, by its status. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [401, 'the API server does not know this account; look at its token or kubeconfig'],
  [403, 'the API server refuses this account; give it the rights of infra/rbac'],
]);

/** Statuses with which the server finds a write itself wrong: sent again, it would be so again. */
const INVALID = new Set([400, 413, 422]);

/** The error that an answer other than 2xx means; `isWrite` says whether something of an event's was sent. */
export const answerError = ({ status: code, headers, bytes }: HttpAnswer, isWrite: boolean): Error => {
  const text = bytes.toString();
  const { reason, message, details } = parseStatus(text);
  const told = (message || text).slice(0, MAX_TEXT);
  if (code === 404 && reason === 'NotFound' && details.name !== '') return new Gone(details.name);
  if (code === 404) {
    return new Unavailable('the API server does not know this kind of object; install its CRD (infra/crds)', {
      cause: new Error(told),
    });
  }
  if (code === 409) return new Conflict({ cause: new Error(told) });
  if (isWrite && INVALID.has(code)) return new Rejected('status', `the API server finds it invalid: ${told}`);
  const problem = REFUSALS.get(code) ?? `the API server answered ${code}`;
  return new Unavailable(problem, { cause: new Error(told), ...retryAfter(headers) });
};

/** An answer's object. Throws `Unavailable` where it is none, as from a proxy that answers for the server. */
export const answeredObject = (answer: unknown): JsonObject => {
  if (isJsonObject(answer)) return answer;
  throw new Unavailable('what answers for the API server sends no objects');
};
