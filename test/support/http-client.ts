/** Requests as senders make them: header for header where that matters. */
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { JsonObject } from '../../shared/conditions/status.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  /** By name; or name, value, name, value…, sent as they stand, and nothing beside them. */
  readonly headers?: Readonly<Record<string, string>> | readonly string[];
  /** Several pieces go out chunked. */
  readonly body?: string | Uint8Array | readonly Uint8Array[];
}

const answerOf = async (response: IncomingMessage): Promise<Answer> => ({
  status: response.statusCode ?? 0,
  headers: response.headers,
  body: await text(response),
});

const isInPieces = (body: Sent['body']): body is readonly Uint8Array[] => Array.isArray(body);

/** Sends a request and reads its answer; rejects where the connection breaks before there is one. */
export const send = (
  url: string,
  { method = 'POST', path, headers = {}, body }: Sent,
  agent?: Agent,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const exact = Array.isArray(headers);
    const sent = request(`${url}${path}`, {
      method,
      headers: exact ? [...headers] : { ...(headers as Readonly<Record<string, string>>) },
      setHost: !exact,
      ...(agent && { agent }),
    });
    sent.once('response', (response) => answerOf(response).then(resolve, reject));
    sent.on('error', reject);
    if (!isInPieces(body)) sent.end(body);
    else {
      for (const piece of body) sent.write(piece);
      sent.end();
    }
  });

export const get = (url: string, path: string): Promise<Answer> => send(url, { method: 'GET', path });

/** A scan as `GET /api/scans` lists it. */
interface ListedScan {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly status: JsonObject;
}

export const listScans = async (url: string): Promise<readonly ListedScan[]> =>
  JSON.parse((await get(url, '/api/scans')).body).items;

/** What the list says of each scan, by `NAMESPACE/KIND/NAME`. */
export const listedStatuses = async (url: string): Promise<Readonly<Record<string, JsonObject>>> =>
  Object.fromEntries(
    (await listScans(url)).map(({ kind, metadata, status }) => [
      `${metadata.namespace}/${kind}/${metadata.name}`,
      status,
    ]),
  );
