/** What the specification of CloudEvents 1.0.2 says, paragraph by paragraph, of the messages that come and go. */
import { describe, expect, it } from '@jest/globals';
import type { Event } from '../../shared/events/event.ts';
import { httpReader } from '../../shared/events/http.ts';
import {
  type EventReader,
  type HttpMessage,
  plainReader,
  type ReadResult,
  readEnvelope,
  readEnvelopes,
} from '../../shared/events/message.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import { STATUS_CHANGED } from '../../shared/events/types.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import { ATTRIBUTE_CASES } from '../support/conformance-attributes.ts';
import { batch, type Case, type Expected, jsonEvent, READ, typed } from '../support/conformance-case.ts';
import { CONTENT_CASES } from '../support/conformance-content.ts';
import { EXTENSION_CASES } from '../support/conformance-extensions.ts';
import { HEADER_CASES } from '../support/conformance-headers.ts';
import { JSON_CASES } from '../support/conformance-json.ts';
import { type Answer, type Sent, send } from '../support/http-client.ts';
import { batch as batchOf, binary, startedEvent, structured } from '../support/http-messages.ts';
import { problemIn } from '../support/http-problem.ts';
import { servers } from '../support/server-in-process.ts';

const CASES: readonly Case[] = [
  ...ATTRIBUTE_CASES,
  ...EXTENSION_CASES,
  ...JSON_CASES,
  ...CONTENT_CASES,
  ...HEADER_CASES,
];

const TITLED = CASES.map(([paragraph, says, message, expected, differs]) => ({
  title: `${paragraph}: ${says}${differs === undefined ? '' : ` (${differs})`}`,
  message,
  expected,
}));

const TYPES = CASES.flatMap(([, , , expected]) => (typeof expected === 'string' ? [] : [expected.type ?? READ.type]));

const READERS = [
  { name: 'without the SDK', reader: plainReader },
  { name: 'with the SDK', reader: httpReader },
];

const statusAndField = ({ status, field }: Rejected): string => `${status} ${field}`;

/** Each event of a message, or `STATUS FIELD`. */
const read = (message: HttpMessage, reader: EventReader): readonly (Event | string)[] => {
  try {
    const { mode, envelopes } = readEnvelopes(message);
    const asSeen = (one: ReadResult) => ('event' in one ? one.event : statusAndField(one.rejected));
    return envelopes.map((envelope) => asSeen(readEnvelope(envelope, mode, reader)));
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return [statusAndField(error)];
  }
};

const expectedEvent = (expected: Expected): Event | string =>
  typeof expected === 'string' ? expected : { ...READ, ...expected };

const isBatch = ({ headers }: HttpMessage): boolean =>
  headers.some(([, value]) => value.toLowerCase().startsWith('application/cloudevents-batch+json'));

/** Sends a message, header for header, to a server whose one function keeps what it is given. */
const sender = (start: ReturnType<typeof servers>) => {
  return async ({ headers, body }: HttpMessage): Promise<{ answer: Answer; events: readonly Event[] }> => {
    const events: Event[] = [];
    const keeper: WorkingFunction = {
      name: 'keeper',
      accepts: [...new Set(TYPES)],
      handle: async (event) => {
        events.push(event);
        return { outcome: 'applied', emits: [] };
      },
    };
    const { url } = await start({ functions: [keeper] });
    const answer = await send(url, { path: '/', headers: ['host', '127.0.0.1', ...headers.flat()], body });
    return { answer, events };
  };
};

describe.each(READERS)('a message $name', ({ reader }) => {
  it.each(TITLED)('$title', ({ message, expected }) => {
    expect(read(message, reader)).toStrictEqual([expectedEvent(expected)]);
  });
});

describe('a message to the server', () => {
  const post = sender(servers());

  it.each(TITLED)('$title', async ({ message, expected }) => {
    const { answer, events } = await post(message);
    if (typeof expected !== 'string') {
      expect(events).toStrictEqual([expectedEvent(expected)]);
      expect([answer.status, answer.body]).toEqual(isBatch(message) ? [200, '[]'] : [204, '']);
      return;
    }
    const status = Number(expected.slice(0, 3));
    const field = expected.slice(4);
    // A batch whose events are wrong is answered as a whole, whatever one of them would be told alone.
    const answered = isBatch(message) && status === 415 ? 400 : status;
    expect(problemIn(answer, answered)).toMatchObject({ field });
    expect(events).toEqual([]);
  });
});

describe('a batch', () => {
  const post = sender(servers());
  const other = jsonEvent({ id: 'B', source: '/other', datacontenttype: 'text/json', data: { b: 1 } });

  it.each<[paragraph: string, says: string, events: readonly unknown[], expected: readonly (Expected | string)[]]>([
    ['json-format §4.3', 'it may be empty', [], []],
    ['http §3.3.2', 'its events may differ', [jsonEvent(), other], [{}, { id: 'B', source: '/other', data: { b: 1 } }]],
    ['json-format §4.1', 'it may say one thing twice', [jsonEvent(), jsonEvent()], [{}, {}]],
    [
      'http §3.3.2',
      'its events have one specversion: those of another are rejected',
      [jsonEvent(), jsonEvent({ specversion: '0.9' }), jsonEvent()],
      [{}, '400 specversion', {}],
    ],
    [
      'json-format §4.1',
      'its elements are events: each is taken for itself',
      ['not an object', jsonEvent(), null, [], jsonEvent({ id: undefined }), 7],
      ['400 body', {}, '400 body', '400 body', '400 id', '400 body'],
    ],
    [
      'json-format §4.1',
      'its elements are of their own types',
      [jsonEvent({ datacontenttype: 'text/xml' }), jsonEvent({ ext: 1.5 }), jsonEvent({ ext: 5 })],
      ['415 datacontenttype', '400 ext', { extensions: { ext: 5 } }],
    ],
  ])('%s: %s', async (__, ___, events, expected) => {
    const all = expected.map(expectedEvent);
    for (const { reader } of READERS) expect(read(batch(events), reader)).toStrictEqual(all);
    const { answer, events: kept } = await post(batch(events));
    const wrong = all.flatMap((one, index) => (typeof one === 'string' ? [{ index, field: one.split(' ')[1] }] : []));
    expect(kept).toStrictEqual(all.filter((one) => typeof one !== 'string'));
    if (wrong.length === 0) expect([answer.status, answer.body]).toEqual([200, '[]']);
    else expect(problemIn(answer, 400)).toMatchObject(wrong.length === 1 ? { ...wrong[0] } : { events: wrong });
  });
});

describe('what goes out', () => {
  const start = servers();
  const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01';

  const cause = { ...startedEvent(), traceparent: TRACE, scanreplay: 'r 1', unknown: 'x' };

  /** The answer to a request, read as an event by both readers. */
  const answerTo = async (sent: Sent): Promise<{ type: string; event: Event | string | undefined }> => {
    const { url } = await start();
    const { headers, body } = await send(url, sent);
    const type = String(headers['content-type']);
    const [[event], [again]] = READERS.map(({ reader }) => read(typed(type, body), reader)) as [Event[], Event[]];
    expect(again).toStrictEqual(event);
    return { type, event };
  };

  it.each([
    ['binary', binary(cause), 'application/cloudevents+json; charset=utf-8'],
    ['structured', structured(cause), 'application/cloudevents+json; charset=utf-8'],
    ['batch', batchOf([cause]), 'application/cloudevents-batch+json; charset=utf-8'],
  ])(
    'spec §extension-context-attributes: it carries on what it is to carry of an event in %s mode, and no more',
    async (__, sent, type) => {
      const answer = await answerTo(sent);
      expect(answer).toMatchObject({ type, event: { type: STATUS_CHANGED } });
      expect(answer).toHaveProperty('event.extensions', { traceparent: TRACE, scanreplay: 'r 1' });
    },
  );
});

describe('the table', () => {
  it('names the paragraph of each case, and says why where it differs', () => {
    for (const [paragraph, says, , , differs = 'stricter: '] of CASES) {
      expect([paragraph, says]).toEqual([
        expect.stringMatching(/^(?:spec §[a-z-]+|(?:json-format|http) §[\d.]+)$/),
        says,
      ]);
      expect(differs).toMatch(/^(?:stricter|laxer): /);
    }
  });
});
