/** Functions on AWS Lambda: whatever brings an event, it comes in by the one way, and its source hears what it may do next. */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { readDeadLetterQueue, WrongSetting } from './config.ts';
import type { AnyFunction } from './function.ts';
import { handlePushed, pushedByTopic } from './lambda-bus.ts';
import { Failed, INTERNAL } from './lambda-error.ts';
import { handleRequest } from './lambda-http.ts';
import { handleQueue, type QueueServices } from './lambda-queue.ts';
import type { Logger } from './log.ts';
import { openProcess } from './open.ts';
import { openOutput } from './open-output.ts';
import { openVisibility } from './open-visibility.ts';

/** What Lambda calls, with what a source sends. */
export type Handler = (event: unknown) => Promise<unknown>;

type Handle = (event: JsonObject, functions: readonly AnyFunction[], services: QueueServices) => Promise<unknown>;

/** The records of a source; `undefined` where not all are of it. */
const recordsOf = (event: JsonObject, name: string, source: string): readonly JsonObject[] | undefined => {
  const { Records: records } = event;
  if (!Array.isArray(records) || records.length === 0) return undefined;
  return records.every((record) => isJsonObject(record) && record[name] === source) ? records : undefined;
};

const fromQueue = (event: JsonObject) => recordsOf(event, 'eventSource', 'aws:sqs');
const fromTopic = (event: JsonObject) => recordsOf(event, 'EventSource', 'aws:sns');

const isRequest = ({ requestContext, httpMethod }: JsonObject): boolean =>
  isJsonObject(requestContext) && (isJsonObject(requestContext.http) || typeof httpMethod === 'string');

/** Sources by what only their events have. */
const SOURCES: readonly (readonly [isOf: (event: JsonObject) => boolean, handle: Handle])[] = [
  // Amazon SQS, standard and FIFO alike
  [(event) => fromQueue(event) !== undefined, (event, ...rest) => handleQueue(fromQueue(event) ?? [], ...rest)],
  // Amazon SNS
  [
    (event) => fromTopic(event) !== undefined,
    (event, functions, { responding }) =>
      handlePushed((fromTopic(event) ?? []).map(pushedByTopic), functions, responding),
  ],
  // Amazon EventBridge
  [
    (event) => 'detail-type' in event,
    (event, functions, { responding }) => handlePushed([event], functions, responding),
  ],
  // A function URL, or an HTTP API
  [isRequest, (event, functions, { responding }) => handleRequest(event, functions, responding)],
];

const KNOWN = 'SQS, SNS, EventBridge, a function URL, an HTTP API';

const dispatch: Handle = (event, ...rest) => {
  const [, handle] = SOURCES.find(([isOf]) => isOf(event)) ?? [];
  if (handle === undefined) throw new Failed(`the event is of none of these sources: ${KNOWN}`);
  return handle(event, ...rest);
};

/** Milliseconds that lines may take to be written. */
const WRITTEN_WITHIN = 500;

/** Lambda stops the process once it has its answer: lines that still wait would come with the next event, or never. */
const written = async (log: Logger): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    new Promise<void>((resolve) => log.flush(() => resolve())),
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WRITTEN_WITHIN);
    }),
  ]);
  clearTimeout(timer);
};

/** The handler over functions and what they work with. It throws `Failed` alone. */
export const lambdaHandler =
  (functions: readonly AnyFunction[], services: QueueServices): Handler =>
  async (event) => {
    const { log } = services.responding;
    try {
      return await dispatch(isJsonObject(event) ? event : {}, functions, services);
    } catch (error) {
      if (error instanceof Failed) {
        log.warn({ why: error.message }, 'the invocation failed');
        throw error;
      }
      log.error({ err: error }, 'an invocation failed by our own mistake');
      throw new Failed(INTERNAL, { cause: error });
    } finally {
      await written(log);
    }
  };

const openQueues = (): Pick<QueueServices, 'visibility' | 'deadLetters'> => {
  const url = readDeadLetterQueue();
  const deadLetters = url === undefined ? undefined : openOutput({ queue: url });
  return { visibility: openVisibility(), ...(deadLetters && { deadLetters }) };
};

/**
 * Opens the functions once for all events that this environment will handle. Nothing is asked of the network before the
 * first of them. Rejects with one line where a setting is wrong, which Lambda reports as the failure of its start.
 */
export const startLambda = async (functionsOn: Parameters<typeof openProcess>[0]): Promise<Handler> => {
  try {
    const { functions, responding } = await openProcess(functionsOn);
    return lambdaHandler(functions, { responding, ...openQueues() });
  } catch (error) {
    if (error instanceof WrongSetting || error instanceof Unavailable)
      throw new Failed(error.message, { cause: error });
    throw error;
  }
};
