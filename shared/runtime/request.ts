/** A request to the server as a message, whose body is read once somebody asks for it, and what becomes of the rest. */
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import { headerPairs, MAX_BODY } from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';
import type { Arriving } from './auth-caller.ts';
import type { HttpAnswer } from './http-answer.ts';

/** The body, and a piece more than the bound where it exceeds that; the rest of it waits. */
const readBody = async (incoming: IncomingMessage): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of incoming.iterator({ destroyOnReturn: false })) {
    pieces.push(piece);
    size += piece.length;
    if (size > MAX_BODY) break;
  }
  return Buffer.concat(pieces);
};

/** Throws `Rejected` where the body is none that can be read. */
const readPlainBody = async (incoming: IncomingMessage): Promise<Uint8Array> => {
  const encoding = incoming.headers['content-encoding'] || 'identity';
  const body = await readBody(incoming).catch((cause) => {
    throw new Rejected('body', 'ended before it was complete', { cause });
  });
  if (encoding.toLowerCase() === 'identity') return body;
  throw new Rejected('content-encoding', 'must be identity', { status: 415 });
};

interface Request extends Arriving {
  readonly incoming: IncomingMessage;
  /** Rejects with `Rejected` where the body is none that can be read. */
  readonly body: () => Promise<Uint8Array>;
}

export const arriving = (incoming: IncomingMessage): Request => {
  let body: Promise<Uint8Array> | undefined;
  return {
    incoming,
    headers: headerPairs(incoming.rawHeaders),
    body: () => {
      body ??= readPlainBody(incoming);
      return body;
    },
  };
};

/** Reads to its end what nobody keeps: a sender that is cut off never learns why. */
export const readOn = async ({ incoming }: Request): Promise<void> => {
  if (incoming.readableEnded || incoming.destroyed) return;
  await finished(incoming.resume()).catch(() => undefined);
};

/** A stranger is listened to for as long as a body may be, and then is cut off. */
export const cutOff = async ({ incoming, body }: Request, answer: HttpAnswer): Promise<HttpAnswer> => {
  await body().catch(() => undefined);
  return incoming.readableEnded ? answer : { ...answer, headers: { ...answer.headers, connection: 'close' } };
};
