/** One contract of answers, held against HTTP and against every source of AWS Lambda. */
import type { SQSBatchResponse } from 'aws-lambda';
import { allFunctions } from '../../functions/all.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Sent } from '../support/http-client.ts';
import { send } from '../support/http-client.ts';
import { binary, structured } from '../support/http-messages.ts';
import { busEvent, notification, oldRequest, queueEvent, topicEvent, urlRequest } from '../support/lambda-events.ts';
import { lambda } from '../support/lambda-in-process.ts';
import { type Answered, describeContract, type Family } from '../support/runtime-contract.ts';
import { WORLDS } from '../support/runtime-contract-cases.ts';
import { servicesIn } from '../support/runtime-contract-worlds.ts';
import { servers } from '../support/server-in-process.ts';
import { statuses } from '../support/statuses.ts';

const serve = servers();

/** In binary mode the media type of the data has a header of its own. */
const inBinary = ({ datacontenttype = 'application/json', ...event }: JsonObject, path: string): Sent => {
  const sent = binary(event, path);
  return { ...sent, headers: { ...(sent.headers as Record<string, string>), 'content-type': String(datacontenttype) } };
};

const server = (name: string, carry: (event: JsonObject, path: string) => Sent) =>
  describeContract({
    name,
    family: 'http',
    worlds: WORLDS,
    open: async (world) => {
      const services = servicesIn(world);
      const { url } = await serve(services);
      return {
        deliver: async (event, to) => ({ answer: String((await send(url, carry(event, `/${to}`))).status) }),
        statuses: () => statuses(services.store),
      };
    },
  });

/** What a source hears, from what the handler does. */
type Hears = (called: Promise<unknown>, hidden: readonly unknown[]) => Promise<Answered>;

const HEARS: Readonly<Record<Family, Hears>> = {
  http: async (called) => ({ answer: String(((await called) as { readonly statusCode: number }).statusCode) }),
  queue: async (called, hidden) => {
    const { batchItemFailures } = (await called) as SQSBatchResponse;
    return { answer: batchItemFailures.length === 0 ? 'done' : 'failed', isHidden: hidden.length > 0 };
  },
  pushed: async (called) => {
    try {
      await called;
      return { answer: 'done' };
    } catch {
      return { answer: 'thrown' };
    }
  },
};

const source = (name: string, family: Family, wrap: (event: JsonObject, path: string) => JsonObject) =>
  describeContract({
    name,
    family,
    worlds: WORLDS,
    open: async (world) => {
      const services = servicesIn(world);
      return {
        deliver: async (event, to) => {
          const functions = allFunctions.filter((one) => one.name === to);
          const { handler, hidden } = lambda({ ...services, functions });
          return HEARS[family](handler(wrap(event, `/${to}`)), hidden);
        },
        statuses: () => statuses(services.store),
      };
    },
  });

server('a server, to an event in structured mode,', structured);
server('a server, to an event in binary mode,', inBinary);
source('a function URL', 'http', (event, path) => urlRequest(structured(event, path)));
source('an HTTP API with payload 1.0 in base64', 'http', (event, path) => oldRequest(inBinary(event, path)));
source('a standard queue', 'queue', (event) => queueEvent([event]));
source('a FIFO queue', 'queue', (event) => queueEvent([event], { isFifo: true }));
source('EventBridge', 'pushed', (event) => busEvent(event));
source('EventBridge, whose detail is a text,', 'pushed', (event) => busEvent(JSON.stringify(event)));
source('SNS', 'pushed', (event) => topicEvent([event]));
source('EventBridge in a queue', 'queue', (event) => queueEvent([busEvent(event)]));
source('SNS in a queue', 'queue', (event) => queueEvent([notification(event)]));
source('EventBridge in SNS in a queue', 'queue', (event) => queueEvent([notification(busEvent(event))]));
