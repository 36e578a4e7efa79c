/** As much of AWS on this machine as an EKS cluster is found by: EKS itself, and a host that gives credentials out. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type SourceServer, sourceServers } from './source-servers.ts';

/** An answer: its body, or anything else by hand. */
export type AwsAnswer = JsonObject | ((response: ServerResponse, request: IncomingMessage) => unknown);

/** An error as AWS tells it. */
export const awsError =
  (status: number, kind?: string): AwsAnswer =>
  (response) => {
    if (kind !== undefined) response.setHeader('x-amzn-errortype', `${kind}:http://internal.amazon.com/coral/`);
    response.writeHead(status).end(JSON.stringify({ message: 'arn:aws:iam::123456789012:role/x may not' }));
  };

export const describedCluster = (endpoint: string, ca: string): JsonObject => ({
  cluster: { name: 'prod', status: 'ACTIVE', endpoint, certificateAuthority: { data: btoa(ca) }, version: '1.37' },
});

export interface AwsServer extends SourceServer {
  /** What it answers from now on. */
  readonly answer: (next: AwsAnswer) => void;
}

/** Call it where tests are described: what it gives opens a server that answers so, for one test. */
export const awsServers = (): ((first: AwsAnswer) => Promise<AwsServer>) => {
  const serve = sourceServers();
  return async (first) => {
    let now = first;
    const server = await serve(
      (request, response) => (typeof now === 'function' ? now(response, request) : response.end(JSON.stringify(now))),
      { tls: false },
    );
    return {
      ...server,
      answer: (next) => {
        now = next;
      },
    };
  };
};
