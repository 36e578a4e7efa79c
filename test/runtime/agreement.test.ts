/** Our own check and the CloudEvents SDK on top of it read the same event, or refuse it for the same reason. */

import { inspect } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../shared/conditions/status.ts';
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
import { anyEvents, batchMessage, binaryMessage, goodEvents, structuredMessage } from '../support/http-arbitraries.ts';

/** A busy machine takes its time over thousands of events. */
jest.setTimeout(60_000);

const MODES = [
  { mode: 'structured', carry: structuredMessage },
  { mode: 'batch', carry: (event: JsonObject) => batchMessage([event]) },
  { mode: 'binary', carry: (event: JsonObject) => binaryMessage(event) },
  { mode: 'binary, without percent-encoding,', carry: (event: JsonObject) => binaryMessage(event, false) },
];

const read = (message: HttpMessage, reader: EventReader): readonly ReadResult[] => {
  try {
    const { mode, envelopes } = readEnvelopes(message);
    return envelopes.map((envelope) => readEnvelope(envelope, mode, reader));
  } catch (error) {
    if (error instanceof Rejected) return [{ rejected: error }];
    throw error;
  }
};

/** What a sender and a function see of a result. */
const seen = (result: ReadResult) => {
  if ('event' in result) return result;
  const { field, status, message } = result.rejected;
  return { id: result.id, field, status, message };
};

/** Every bit of it, as a text: an own `constructor` or `__proto__` in data confuses what compares objects. */
const asText = (value: unknown): string => inspect(value, { depth: null, maxStringLength: null, maxArrayLength: null });

const readBoth = (message: HttpMessage) => {
  const alone = read(message, plainReader).map(seen);
  return {
    alone: asText(alone),
    withSdk: asText(read(message, httpReader).map(seen)),
    isRead: alone.length === 1 && alone.every((one) => 'event' in one),
  };
};

describe.each(MODES)('an event in $mode mode', ({ carry }) => {
  it('is the same event with the SDK and without, where it is good', () => {
    fc.assert(
      fc.property(goodEvents, (event) => {
        const { withSdk, alone, isRead } = readBoth(carry(event));
        expect(withSdk).toBe(alone);
        expect(isRead).toBe(true);
      }),
      { numRuns: 600 },
    );
  });

  it('is the same event or the same rejection, whatever it is', () => {
    const kinds = { events: 0, rejections: 0 };
    fc.assert(
      fc.property(anyEvents, (event) => {
        const { withSdk, alone, isRead } = readBoth(carry(event));
        expect(withSdk).toBe(alone);
        kinds[isRead ? 'events' : 'rejections'] += 1;
      }),
      { numRuns: 600 },
    );
    expect(kinds.events).toBeGreaterThan(50);
    expect(kinds.rejections).toBeGreaterThan(50);
  });
});

describe('an attribute in binary mode', () => {
  const readOne = (message: HttpMessage): Event => {
    const [result] = read(message, httpReader);
    if (result === undefined || !('event' in result)) throw new Error('a good event was rejected');
    return result.event;
  };

  it('means what it means in structured mode, as a text', () => {
    fc.assert(
      fc.property(goodEvents, (event) => {
        const { extensions, ...others } = readOne(structuredMessage(event));
        const texts = Object.fromEntries(Object.entries(extensions).map(([name, value]) => [name, String(value)]));
        expect(asText(readOne(binaryMessage(event)))).toBe(asText({ ...others, extensions: texts }));
      }),
      { numRuns: 300 },
    );
  });
});
