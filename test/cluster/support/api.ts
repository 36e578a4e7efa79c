/** Plain requests to the API server, as the administrator or as whoever's token it is. */
import { Agent, fetch } from 'undici';
import type { JsonObject } from '../../../shared/conditions/status.ts';
import type { Access } from './cluster.ts';

export interface Answer {
  readonly code: number;
  readonly body: JsonObject;
  /** What the server says where it refuses. */
  readonly message: string;
}

interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Api {
  readonly send: (method: string, path: string, sent?: Sent) => Promise<Answer>;
  readonly get: (path: string) => Promise<Answer>;
  readonly create: (path: string, body: unknown) => Promise<Answer>;
  /** A JSON merge patch. */
  readonly patch: (path: string, body: unknown) => Promise<Answer>;
  /** Puts this status in the place of the one there is, and leaves nothing of it. */
  readonly writeStatus: (scan: string, status: JsonObject) => Promise<Answer>;
}

export const apiOf = (
  { url, ca, token: admin }: Access,
  { token = admin, headers = {} }: { readonly token?: string; readonly headers?: Sent['headers'] } = {},
): Api => {
  const dispatcher = new Agent({ connect: { ca } });
  const send: Api['send'] = async (method, path, sent = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      dispatcher,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers, ...sent.headers },
      ...(sent.body !== undefined && { body: JSON.stringify(sent.body) }),
    });
    const text = await answer.text();
    // A path that is not served yet is answered in plain text.
    const body: JsonObject = text.startsWith('{') ? JSON.parse(text) : { message: text };
    return { code: answer.status, body, message: answer.ok ? '' : String(body.message) };
  };
  const patchOf = (type: string) => (path: string, body: unknown) =>
    send('PATCH', path, { body, headers: { 'content-type': `application/${type}+json` } });
  const jsonPatch = patchOf('json-patch');
  return {
    send,
    get: (path) => send('GET', path),
    create: (path, body) => send('POST', path, { body }),
    patch: patchOf('merge-patch'),
    writeStatus: (scan, status) => jsonPatch(`${scan}/status`, [{ op: 'add', path: '/status', value: status }]),
  };
};
