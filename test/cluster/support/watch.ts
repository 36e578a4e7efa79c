/** What changes in a collection of the API server, as it changes. */
import { afterEach } from '@jest/globals';
import { Agent, fetch } from 'undici';
import { isJsonObject, type JsonObject } from '../../../shared/conditions/status.ts';
import type { Access } from './cluster.ts';

interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: JsonObject;
}

async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    const whole = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = whole.pop() ?? '';
    yield* whole;
  }
}

type Seen = (change: Change) => Promise<void>;

/** Starts to watch; what it gives back ends that, and rejects where `seen` did or the server ended it before. */
const startWatch = async ({ url, ca, token }: Access, path: string, seen: Seen): Promise<() => Promise<void>> => {
  const dispatcher = new Agent({ connect: { ca }, bodyTimeout: 0 });
  const get = (query: string) =>
    fetch(`${url}${path}${query}`, { dispatcher, headers: { authorization: `Bearer ${token}` } });
  const list = (await (await get('?limit=1')).json()) as JsonObject;
  if (!isJsonObject(list.metadata)) throw new Error(`${path} is no collection`);
  const { body } = await get(`?watch=1&resourceVersion=${list.metadata.resourceVersion}`);
  if (body === null) throw new Error(`${path} cannot be watched`);
  let isOver = false;
  const read = async (): Promise<void> => {
    for await (const line of lines(body)) await seen(JSON.parse(line));
    throw new Error(`the server ended the watch of ${path}`);
  };
  const over = read().catch((error: unknown) => (isOver ? undefined : error));
  return async () => {
    isOver = true;
    await dispatcher.destroy();
    const error = await over;
    if (error !== undefined) throw error;
  };
};

/**
 * Call it where tests are described: what it gives hands every change of the collection at a path to `seen`, from then
 * on and one after the other, until its test ends.
 */
export const watches = (): ((access: Access, path: string, seen: Seen) => Promise<void>) => {
  const running: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((end) => end()));
  });
  return async (access, path, seen) => {
    running.push(await startWatch(access, path, seen));
  };
};
