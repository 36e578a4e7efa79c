/** The handler on AWS Lambda: it knows its sources, and nothing that anybody sends makes it fail in more than one line. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { jobStarted } from '../../functions/job-started/handler.ts';
import { JOB_STARTED } from '../../shared/events/types.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import { startLambda } from '../../shared/runtime/lambda.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { awsServers } from '../support/aws-server.ts';
import { errorOf } from '../support/error-of.ts';
import { evaluatedEvent, finishedEvent, finishedJobEvent, startedEvent, structured } from '../support/http-messages.ts';
import { harmfulValue, poisoned } from '../support/http-mutations.ts';
import {
  busEvent,
  notification,
  oldRequest,
  queueEvent,
  queueMessage,
  topicEvent,
  urlRequest,
} from '../support/lambda-events.ts';
import { lambda } from '../support/lambda-in-process.ts';
import { brokenStore } from '../support/server-stores.ts';

/** A busy machine takes its time over thousands of events. */
jest.setTimeout(60_000);

const UNKNOWN = 'the event is of none of these sources: SQS, SNS, EventBridge, a function URL, an HTTP API';

describe('the handler', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'hello'],
    ['an empty object', {}],
    ['an array', []],
    ['no records', { Records: [] }],
    ['records that are no array', { Records: { length: 1, 0: queueMessage(startedEvent()) } }],
    ['records of another source', { Records: [{ eventSource: 'aws:kinesis', kinesis: {} }] }],
    ['records of two sources', { Records: [...(topicEvent([1]).Records as []), queueMessage(startedEvent())] }],
    ['records of which one is nothing', { Records: [queueMessage(startedEvent()), null] }],
    ['a CloudEvent without any source', startedEvent()],
    ['a request of nobody', { requestContext: {} }],
  ])('fails in one line where it is handed %s, and logs that', async (_, event) => {
    const { handler, lines } = lambda();
    const error = await errorOf(handler(event));
    expect(error.stack).toBe(`Failed: ${UNKNOWN}`);
    expect(lines).toEqual([expect.objectContaining({ level: 40, why: UNKNOWN })]);
  });

  it('does not tell of our own mistakes to whoever sent the event, but the log, and loses no event by them', async () => {
    const { handler, lines } = lambda({ store: brokenStore() });
    const own = { batchItemFailures: [{ itemIdentifier: 'message-0' }] };
    expect(await handler(queueEvent([startedEvent()]))).toEqual(own);
    expect((await errorOf(handler(busEvent(startedEvent())))).message).toBe(
      'unavailable: event "event-1": the store failed',
    );
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'the store failed' }));
  });

  it('fails in one line, or is answered 503, where even the answer fails', async () => {
    const send = async (): Promise<never> => {
      throw new TypeError('undefined is not a function');
    };
    const { handler, lines } = lambda({ output: { send } });
    const INTERNAL = 'an internal error; the event is not lost if it is sent again';
    for (const event of [queueEvent([finishedEvent()]), busEvent(finishedEvent()), topicEvent([finishedEvent()])]) {
      expect((await errorOf(handler(event))).stack).toBe(`Failed: ${INTERNAL}`);
    }
    expect(await handler(urlRequest(structured(finishedEvent())))).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': '30' },
      body: expect.stringContaining(INTERNAL),
    });
    const told = lines.filter(({ level }) => level === 50);
    expect(told.map(({ err }) => (err as { readonly message: string }).message)).toEqual(
      Array.from({ length: 4 }, () => 'undefined is not a function'),
    );
  });
});

describe('the handler, under arbitrary events', () => {
  interface Answer {
    readonly batchItemFailures?: unknown;
    readonly statusCode?: number;
  }

  const answered = (answer: Answer | undefined): string => {
    if (answer === undefined) return 'done';
    return answer.batchItemFailures === undefined ? String(answer.statusCode) : 'named';
  };

  const failed = ({ name, message, stack }: Error): string => {
    if (name !== 'Failed' || message.includes('an internal error')) return `crashed: ${stack}`;
    return /^[^\p{Cc}]{1,1000}$/u.test(message) && stack === `Failed: ${message}` ? 'failed' : `not one line: ${stack}`;
  };

  const outcomeOf = (event: unknown): Promise<string> =>
    lambda()
      .handler(event)
      .then((answer) => answered(answer as Answer | undefined), failed);

  const ANSWERS = new Set(['done', 'named', 'failed', '200', '204', '400', '401', '403', '405', '413', '415']);

  const expectAnswered = (events: fc.Arbitrary<unknown>, numRuns: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(events, async (event) => {
        const outcome = await outcomeOf(event);
        expect(ANSWERS.has(outcome) ? 'answered' : outcome).toBe('answered');
      }),
      { numRuns },
    );

  const EVENTS = [startedEvent(), finishedEvent(), evaluatedEvent(), finishedJobEvent()];
  const HANDED = EVENTS.flatMap((event) => [
    queueEvent([event, busEvent(event)]),
    queueEvent([[event, event]], { isFifo: true }),
    busEvent(event, { 'replay-name': 'november' }),
    topicEvent([event, busEvent(event)]),
    queueEvent([notification(event)]),
    urlRequest(structured(event)),
    oldRequest(structured(event)),
  ]);

  it('answers each source in which any value was replaced', async () => {
    await expectAnswered(poisoned(HANDED), 1_000);
  });

  it('answers what any JSON makes of a message', async () => {
    const content = fc.oneof(fc.jsonValue({ noUnicodeString: false, maxDepth: 5 }), harmfulValue);
    const carried = content.chain((inner) =>
      fc.constantFrom(
        queueEvent([inner, [inner]]),
        queueEvent([busEvent(inner), notification(inner)]),
        busEvent(inner),
        topicEvent([inner]),
        urlRequest(structured(inner)),
        { ...oldRequest(structured(inner)), body: inner },
      ),
    );
    await expectAnswered(carried, 500);
  });

  it('answers any JSON whose names mean something', async () => {
    const names = fc.constantFrom(
      ...['Records', 'Sns', 'Message', 'Type', 'body', 'messageId', 'eventSource', 'EventSource', 'detail'],
      ...['detail-type', 'replay-name', 'requestContext', 'http', 'method', 'httpMethod', 'rawPath', 'headers'],
      ...['isBase64Encoded', 'specversion', 'involvedObject', 'metadata', 'namespace', '__proto__', 'constructor'],
    );
    const words = fc.constantFrom('aws:sqs', 'aws:sns', 'Notification', 'POST', '/', '1.0', '', true);
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 6 }, words, fc.jsonValue({ maxDepth: 1 }), tie('nested')),
      nested: fc.oneof(
        fc.dictionary(names, tie('value')),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('value').map((inner) => JSON.stringify(inner)),
      ),
    }));
    await expectAnswered(value, 1_000);
  });

  it('leaves the language as it was', async () => {
    const { handler } = lambda();
    const polluting = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"specversion":"1.0"}';
    await handler(queueEvent([polluting, busEvent(JSON.parse(polluting), JSON.parse(polluting))]));
    expect('polluted' in {}).toBe(false);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe('startLambda', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it.each([
    ['SCAN_STORE', 'cloud', 'must be embedded or kubernetes'],
    ['K_SINK', 'nowhere', 'must be an http or https URL'],
    ['DEAD_LETTER_QUEUE_URL', 'scans-dead', 'must be an http or https URL'],
    ['LOG_LEVEL', 'loud', /must be one of /],
  ])('fails in one line where %s is wrong', async (name, value, problem) => {
    process.env = { ...before, AUTH: 'none', SCAN_STORE_PATH: ':memory:', [name]: value };
    const error = await errorOf(startLambda(() => ({ functions: [jobStarted] })));
    expect(error.message).toMatch(problem);
    expect(error.stack).toMatch(new RegExp(`^Failed: ${name}: [^\n]+$`));
  });

  it('fails in one line where the store cannot be opened', async () => {
    process.env = { ...before, AUTH: 'none', SCAN_STORE_PATH: '/dev/null/scans.db' };
    const error = await errorOf(startLambda(() => ({ functions: [jobStarted] })));
    expect(error.stack).toMatch(/^Failed: [^\n]+$/);
  });
});

describe('what startLambda opens', () => {
  // The environment is as it was after each test.
  const openAws = awsServers();

  const throttled: WorkingFunction = {
    name: 'throttled',
    accepts: [JOB_STARTED],
    handle: async () => {
      throw new Unavailable('too many requests');
    },
  };

  it('asks a queue to hide what is throttled, and its dead-letter queue to take what is wrong', async () => {
    const { url, requests } = await openAws();
    const own = { AUTH: 'none', SCAN_STORE_PATH: ':memory:', LOG_LEVEL: 'silent' };
    Object.assign(process.env, own, { DEAD_LETTER_QUEUE_URL: `${url}/123456789012/dead` });
    const handler = await startLambda(() => ({ functions: [throttled] }));
    expect(await handler(queueEvent([startedEvent(), 'no JSON', startedEvent()]))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'message-0' }, { itemIdentifier: 'message-2' }],
    });
    expect(requests.map(({ operation }) => operation)).toEqual([
      'SendMessageBatch',
      'ChangeMessageVisibility',
      'ChangeMessageVisibility',
    ]);
    const [letter, ...hidden] = requests.map(({ input }) => input);
    expect(letter).toMatchObject({ Entries: [{ MessageBody: expect.stringContaining('"body":"no JSON"') }] });
    expect(hidden.map(({ ReceiptHandle }) => ReceiptHandle).toSorted()).toEqual(['receipt-0', 'receipt-2']);
    const seconds = hidden.map(({ VisibilityTimeout }) => Number(VisibilityTimeout));
    expect(seconds.filter((each) => each < 1 || each > 10)).toEqual([]);
  });
});

describe('the entry point', () => {
  /** Calls it as Lambda does, and stops the process at its answer: what is not written by then is lost. */
  const call = async (name: string, event: unknown) => {
    const entry = new URL(`../../functions/${name}/lambda.ts`, import.meta.url).href;
    const script = `
      const { handler } = await import(${JSON.stringify(entry)});
      const answer = await handler(${JSON.stringify(event)});
      process.getBuiltinModule('node:fs').writeSync(2, JSON.stringify(answer));
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env.PATH, SCAN_STORE_PATH: ':memory:', AUTH: 'none' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { stdout, stderr };
  };

  it.each([
    ['job-started', startedEvent()],
    ['job-finished', finishedEvent()],
    ['policy-evaluated', evaluatedEvent()],
  ])('of %s handles a message, and writes its log before it answers', async (name, event) => {
    const { stdout, stderr } = await call(name, queueEvent([event]));
    expect(stderr).toBe('{"batchItemFailures":[]}');
    expect(JSON.parse(stdout)).toMatchObject({ id: 'event-1', outcome: 'applied' });
  });
});
