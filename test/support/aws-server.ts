/**
 * Event buses and queues on this machine, which take and refuse events as Amazon EventBridge and SQS do, for as much of
 * both as sending events and hiding messages needs.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { putEvents } from './aws-event-bus.ts';
import { type Entry, type Operation, Refusal } from './aws-operation.ts';
import { changeVisibility, sendMessages } from './aws-queue.ts';
import { awsEnvironment } from './s3-server.ts';
import { type SourceServer, sourceServers } from './source-servers.ts';

/** What a request asked for. */
interface Asked {
  readonly operation: string;
  /** Of the signature. */
  readonly region: string;
  readonly input: JsonObject;
}

/**
 * What goes wrong although the request is right: it is refused, one of its entries is refused (by its code), it is never
 * answered, or its connection breaks.
 */
type Trouble = Refusal | ((entry: Entry) => string | undefined) | 'silence' | 'hang up';

/** Of the n-th request, from 0. */
export type Troubles = (asked: Asked, request: number) => Trouble | undefined;

export interface AwsServer extends SourceServer {
  /** Every request that was understood, whatever came of it. */
  readonly requests: readonly Asked[];
  /** The entries that were taken, in their order. */
  readonly taken: readonly Entry[];
}

interface Api {
  readonly service: string;
  readonly contentType: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

/** By what the header `x-amz-target` begins with. */
const APIS: Readonly<Record<string, Api>> = {
  AWSEvents: {
    service: 'events',
    contentType: 'application/x-amz-json-1.1',
    operations: { PutEvents: putEvents },
  },
  AmazonSQS: {
    service: 'sqs',
    contentType: 'application/x-amz-json-1.0',
    operations: { SendMessageBatch: sendMessages, ChangeMessageVisibility: changeVisibility },
  },
};

const SIGNATURE = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([a-z0-9-]+)\/([a-z]+)\/aws4_request, SignedHeaders=/;

/** The region that the request is signed for. Throws `Refusal`. */
const signedRegion = ({ headers }: IncomingMessage, service: string): string => {
  const [, region, signedFor] = SIGNATURE.exec(headers.authorization ?? '') ?? [];
  if (region === undefined) throw new Refusal('MissingAuthenticationToken', 'Request is missing a token', 403);
  if (signedFor !== service) throw new Refusal('InvalidSignatureException', `Credential should be for ${service}`, 403);
  return region;
};

const read = async (request: IncomingMessage): Promise<{ readonly asked: Asked; readonly operation: Operation }> => {
  const body = await text(request);
  const [prefix = '', name = ''] = String(request.headers['x-amz-target']).split('.');
  const api = APIS[prefix];
  const operation = api?.operations[name];
  if (api === undefined || operation === undefined) throw new Refusal('UnknownOperationException', 'no such operation');
  if (request.method !== 'POST' || request.headers['content-type'] !== api.contentType) {
    throw new Refusal('SerializationException', `must be ${api.contentType}`);
  }
  const region = signedRegion(request, api.service);
  const input: unknown = JSON.parse(body);
  if (!isJsonObject(input)) throw new Refusal('SerializationException', 'must be an object');
  return { asked: { operation: name, region, input }, operation };
};

const respond = (request: IncomingMessage, response: ServerResponse, status: number, body: JsonObject): unknown =>
  response
    .writeHead(status, { 'content-type': request.headers['content-type'] ?? 'application/json' })
    .end(JSON.stringify(body));

const refused = (request: IncomingMessage, response: ServerResponse, error: unknown): unknown => {
  if (!(error instanceof Refusal)) throw error;
  return respond(request, response, error.status, { __type: error.code, message: error.message });
};

/** Call it where tests are described: what it gives opens a server that the SDK finds, for one test. */
export const awsServers = (): ((troubles?: Troubles) => Promise<AwsServer>) => {
  const serve = sourceServers();
  const environment = awsEnvironment();
  return async (troubles = () => undefined) => {
    const requests: Asked[] = [];
    const taken: Entry[] = [];
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
      const { asked, operation } = await read(request);
      const trouble = troubles(asked, requests.length);
      requests.push(asked);
      if (trouble === 'silence') return undefined;
      if (trouble === 'hang up') return request.socket.destroy();
      if (trouble instanceof Refusal) throw trouble;
      const answered = operation(asked.input, trouble ?? (() => undefined));
      taken.push(...answered.taken);
      return respond(request, response, 200, answered.output);
    };
    const server = await serve(
      (request, response) => answer(request, response).catch((error) => refused(request, response, error)),
      { tls: false },
    );
    environment({ AWS_ENDPOINT_URL: server.url });
    return { ...server, requests, taken };
  };
};
