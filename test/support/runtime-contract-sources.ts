/** The sources of the contract: how each wraps an event, and how it hears what became of it. */
import type { SQSBatchResponse } from 'aws-lambda';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Sent } from './http-client.ts';
import { binary, structured } from './http-messages.ts';
import { busEvent, notification, oldRequest, queueEvent, topicEvent, urlRequest } from './lambda-events.ts';
import type { Answered, Family } from './runtime-contract.ts';

/** In binary mode the media type of the data has a header of its own. */
export const inBinary = ({ datacontenttype = 'application/json', ...event }: JsonObject, path: string): Sent => {
  const sent = binary(event, path);
  return { ...sent, headers: { ...(sent.headers as Record<string, string>), 'content-type': String(datacontenttype) } };
};

/** A source of AWS Lambda. */
export type Source = readonly [name: string, family: Family, wrap: (event: JsonObject, path: string) => JsonObject];

export const SOURCES: readonly Source[] = [
  ['a function URL', 'http', (event, path) => urlRequest(structured(event, path))],
  ['an HTTP API with payload 1.0 in base64', 'http', (event, path) => oldRequest(inBinary(event, path))],
  ['a standard queue', 'queue', (event) => queueEvent([event])],
  ['a FIFO queue', 'queue', (event) => queueEvent([event], { isFifo: true })],
  ['EventBridge', 'pushed', (event) => busEvent(event)],
  ['EventBridge, whose detail is a text,', 'pushed', (event) => busEvent(JSON.stringify(event))],
  ['SNS', 'pushed', (event) => topicEvent([event])],
  ['EventBridge in a queue', 'queue', (event) => queueEvent([busEvent(event)])],
  ['SNS in a queue', 'queue', (event) => queueEvent([notification(event)])],
  ['EventBridge in SNS in a queue', 'queue', (event) => queueEvent([notification(busEvent(event))])],
];

/** What a source hears, from what a handler does; of a queue, how often it was told to hide a message. */
type Hears = (called: Promise<unknown>, hidden: () => number) => Promise<Answered>;

export const HEARS: Readonly<Record<Family, Hears>> = {
  http: async (called) => ({ answer: String(((await called) as { readonly statusCode: number }).statusCode) }),
  queue: async (called, hidden) => {
    const { batchItemFailures } = (await called) as SQSBatchResponse;
    return { answer: batchItemFailures.length === 0 ? 'done' : 'failed', isHidden: hidden() > 0 };
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
