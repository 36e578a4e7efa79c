/** Requests as bytes, written to a socket as they are. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RecordedRequest } from './recorded.ts';

const headersOf = (rawHeaders: readonly string[]): readonly string[] =>
  rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []));

/** A recorded request as the bytes that it was. */
export const rawRequest = ({ path, rawHeaders, body }: RecordedRequest): Buffer =>
  Buffer.from([`POST ${path} HTTP/1.1`, ...headersOf(rawHeaders), '', body].join('\r\n'));

/** The same, its body in two chunks. */
export const chunkedRequest = ({ path, rawHeaders, body }: RecordedRequest): Buffer => {
  const headers = headersOf(rawHeaders).filter((header) => !/^content-length:/i.test(header));
  const bytes = Buffer.from(body);
  const chunks = [bytes.subarray(0, 100), bytes.subarray(100)].flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  const head = [`POST ${path} HTTP/1.1`, ...headers, 'Transfer-Encoding: chunked', '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head), ...chunks, Buffer.from('0\r\n\r\n')]);
};

export interface Conversation {
  readonly socket: Socket;
  /** What came back so far. */
  readonly received: () => string;
  /** Settles once the connection is closed, by whomever. */
  readonly closed: Promise<unknown>;
}

/** Opens a connection and writes the bytes. */
export const converse = (url: string, bytes: Uint8Array): Conversation => {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  // A server may cut off what makes no sense; that the connection closes says it, too.
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.write(bytes);
  return { socket, received: () => Buffer.concat(pieces).toString('latin1'), closed };
};

/** The statuses of all answers in what came back. */
export const statusesIn = (received: string): readonly number[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
