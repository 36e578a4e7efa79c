/** Sends events over a few connections as fast as they are answered, and costs as little as a sender can. */
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

/** The status of a whole answer at the start of `text`, and its length; `undefined` while it is not whole. */
const readAnswer = (text: string): { readonly status: number; readonly length: number } | undefined => {
  const head = text.indexOf(HEAD_END);
  if (head < 0) return undefined;
  const body = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  const length = head + HEAD_END.length + body;
  return text.length < length ? undefined : { status: Number(text.slice(9, 12)), length };
};

/** One exchange: writes a request and resolves with the status of its answer. */
const exchange = (socket: Socket, request: string): Promise<number> =>
  new Promise((resolve, reject) => {
    let text = '';
    const take = (piece: string): void => {
      text += piece;
      const answer = readAnswer(text);
      if (answer === undefined) return;
      socket.off('data', take);
      resolve(answer.status);
    };
    socket.on('data', take);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.write(request);
  });

/**
 * Posts all bodies to a path of a server on this machine, over this many connections, one request at a time on each.
 * Resolves with how often each status was answered. Answers are taken for ASCII, as ours are.
 */
export const sendRaw = async (
  url: string,
  bodies: readonly string[],
  connections: number,
): Promise<ReadonlyMap<number, number>> => {
  const { hostname, port, host, pathname } = new URL(url);
  const statuses = new Map<number, number>();
  let next = 0;
  const work = async (): Promise<void> => {
    const socket = connect(Number(port), hostname).setEncoding('latin1').setNoDelay().setMaxListeners(0);
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/cloudevents+json\r\n`;
      const status = await exchange(socket, `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, work));
  return statuses;
};
