/** A question that is asked rarely, of a service that answers in JSON: who we are, or where something is. */
import { dispatch, type HttpAnswer, openConnections } from './dispatch.ts';
import { Conflict, Unavailable } from './unavailable.ts';

/** Milliseconds, and bytes, of an answer. */
const DEADLINE = 5_000;
const LONGEST_ANSWER = 262_144;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // No cause: it would quote the text.
    return undefined;
  }
};

export interface OneAnswer extends Pick<HttpAnswer, 'status' | 'headers'> {
  /** `undefined` where it is no JSON, or too long. */
  readonly content: unknown;
}

/** A bounded answer to a GET, over a connection that is not kept. Throws an error of one line where there is none. */
export const askOnce = async (url: URL, headers: Readonly<Record<string, string>>): Promise<OneAnswer> => {
  const { origin, pathname, search } = url;
  const connections = openConnections(origin, {});
  const request = { method: 'GET', origin, path: pathname + search, headers };
  try {
    const answer = await dispatch(connections, { ...request, deadline: DEADLINE, most: LONGEST_ANSWER });
    return { status: answer.status, headers: answer.headers, content: parseJson(answer.bytes.toString()) };
  } catch (error) {
    if (error instanceof Unavailable) throw new Error(error.message, { cause: error.cause });
    throw error instanceof Conflict ? new Error(`${origin} does not answer`, { cause: error.cause }) : error;
  } finally {
    connections.destroy();
  }
};
