/** Events that go to an event bus: each is accepted or not, nothing is lost unsaid, and none waits for another. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readEvent } from '../../shared/events/event.ts';
import { POLICY_EVALUATED } from '../../shared/events/types.ts';
import { readRecord } from '../../shared/replay/records.ts';
import { busOutput } from '../../shared/runtime/event-bus.ts';
import { PACE } from '../../shared/runtime/send-again.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { entryBytes } from '../support/aws-event-bus.ts';
import { type Entry, Refusal, UNSAID } from '../support/aws-operation.ts';
import { awsServers, type Troubles } from '../support/aws-server.ts';
import { movableClock } from '../support/clock.ts';
import { eventOfBytes, statusChangedEvent, verdictOf } from '../support/emitted-events.ts';

const openAws = awsServers();
const moveClock = movableClock();

const QUICK = { ...PACE, firstWait: 1 };
const LARGEST = 262_144;

const sendTo = async (events: readonly JsonObject[], troubles?: Troubles, pace = QUICK) => {
  const aws = await openAws(troubles);
  const answers = await busOutput('scans', pace).send(events);
  const why = answers.map((answer) => answer?.message);
  return { aws, answers, why };
};

const detailOf = ({ Detail }: Entry): JsonObject => JSON.parse(String(Detail));
const idsOf = (entries: readonly Entry[]): readonly unknown[] => entries.map((entry) => detailOf(entry).id);
const events = (count: number): readonly JsonObject[] =>
  Array.from({ length: count }, (_, at) => statusChangedEvent(`event-${at}`));
const accepted = (count: number): readonly undefined[] => Array.from({ length: count }, () => undefined);
/** How many entries each request had. */
const countsOf = (requests: readonly { readonly input: JsonObject }[]): readonly number[] =>
  requests.map(({ input }) => (input.Entries as readonly Entry[]).length);

describe('an event on a bus', () => {
  it('is an entry that rules can match, and holds the CloudEvent whole', async () => {
    const event = statusChangedEvent('event-1');
    const { aws, answers } = await sendTo([event]);
    expect(answers).toStrictEqual([undefined]);
    expect(aws.taken).toStrictEqual([
      {
        EventBusName: 'scans',
        Source: 'scan-status',
        DetailType: 'dev.scanstatus.status-changed.v1',
        Time: Date.parse('2025-06-01T10:05:00Z') / 1_000,
        Detail: JSON.stringify(event),
      },
    ]);
    expect(aws.requests).toMatchObject([{ operation: 'PutEvents', region: 'eu-central-1' }]);
  });

  it.each([statusChangedEvent('event-1', ['“”\ufffe\uffff\u0000\ud800 😀']), verdictOf('event-2', ['CVE-2025-1'])])(
    'is read back from a rule as it was sent',
    async (event) => {
      const { aws } = await sendTo([event]);
      const [entry = {}] = aws.taken;
      const record = { 'detail-type': entry.DetailType, source: entry.Source, detail: detailOf(entry) };
      expect(readRecord(JSON.stringify(record))).toStrictEqual({ mode: 'structured', envelopes: [event] });
      expect(readEvent(detailOf(entry))).toStrictEqual(readEvent(event));
    },
  );

  it.each<[traceparent: unknown, header: string | undefined]>([
    [
      '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01',
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
    ],
    [
      '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-02',
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0',
    ],
    ['01-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01', undefined],
    ['not a trace', undefined],
    [7, undefined],
  ])('carries the trace %s on as X-Ray writes it', async (traceparent, header) => {
    const { aws, answers } = await sendTo([{ ...statusChangedEvent('event-1'), traceparent }]);
    expect(answers).toStrictEqual([undefined]);
    expect(aws.taken[0]?.TraceHeader).toBe(header);
  });

  it('has no time where it tells none', async () => {
    const { time: _, ...event } = statusChangedEvent('event-1');
    const { aws } = await sendTo([event, { ...event, time: 'soon' }]);
    expect(aws.taken.map((entry) => 'Time' in entry)).toEqual([false, false]);
  });
});

describe('many events on a bus', () => {
  it('are not sent where there are none', async () => {
    const { aws, answers } = await sendTo([]);
    expect(answers).toStrictEqual([]);
    expect(aws.asked).toHaveLength(0);
  });

  it('go in requests of ten', async () => {
    const { aws, answers } = await sendTo(events(25));
    expect(answers).toStrictEqual(accepted(25));
    expect(countsOf(aws.requests).toSorted()).toEqual([10, 10, 5]);
    expect(idsOf(aws.taken).toSorted()).toEqual(
      idsOf(events(25).map((event) => ({ Detail: JSON.stringify(event) }))).toSorted(),
    );
  });

  it('go at most four requests at once, over connections that are kept', async () => {
    const { aws } = await sendTo(events(200));
    expect(aws.requests).toHaveLength(20);
    expect(aws.connections().made).toBeLessThanOrEqual(4);
  });

  it('fill requests up to the bound on their bytes and not beyond, whatever their sizes', async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 600, max: 2_000 }), fc.integer({ min: 40_000, max: 262_000 })), {
      minLength: 1,
      maxLength: 24,
    });
    await fc.assert(
      fc.asyncProperty(sizes, async (bytes) => {
        const sent = bytes.map((size, at) => eventOfBytes(size, `event-${at}`));
        const { aws, answers } = await sendTo(sent);
        expect(answers).toStrictEqual(accepted(bytes.length));
        // Nothing was refused, so each request was within both bounds.
        expect(countsOf(aws.requests).reduce((sum, count) => sum + count)).toBe(bytes.length);
        // And no two neighbours could have gone as one.
        const batches = aws.requests.map(({ input }) => input.Entries as readonly Entry[]);
        const total = (entries: readonly Entry[]) => entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
        const inOrder = batches.toSorted(
          (a, b) => Number(String(idsOf(a)[0]).slice(6)) - Number(String(idsOf(b)[0]).slice(6)),
        );
        for (const [at, batch] of inOrder.entries()) {
          const [next] = inOrder[at + 1] ?? [];
          if (next !== undefined && batch.length < 10) expect(total([...batch, next])).toBeGreaterThan(LARGEST);
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe('an event that is too large for a bus', () => {
  const around = entryBytes({ Time: 0, Source: 'scan-status', DetailType: 'dev.scanstatus.policy-evaluated.v1' });

  it('goes out whole up to the last byte', async () => {
    const { aws, answers } = await sendTo([eventOfBytes(LARGEST - around)]);
    expect(answers).toStrictEqual([undefined]);
    expect(aws.taken.map(entryBytes)).toEqual([LARGEST]);
  });

  it('is said to be with its id, and keeps no other back', async () => {
    const large = eventOfBytes(LARGEST - around + 1, 'event-large');
    const { aws, answers, why } = await sendTo([statusChangedEvent('a'), large, statusChangedEvent('b')]);
    expect(why).toEqual([
      undefined,
      `the event event-large is too large for the event bus: ${LARGEST - around + 1} bytes, where ${LARGEST - around} may be; K_SINK takes events of any size`,
      undefined,
    ]);
    expect(answers[1]).toBeInstanceOf(Unavailable);
    expect(idsOf(aws.taken)).toEqual(['a', 'b']);
    expect(aws.requests).toHaveLength(1);
  });

  it('goes without the conditions of others where those are too much, and says so', async () => {
    const event = statusChangedEvent('event-1', ['ä'.repeat(100_000), 'x'.repeat(100_000)]);
    const { aws, answers } = await sendTo([event]);
    expect(answers).toStrictEqual([undefined]);
    const data = event.data as JsonObject & { readonly conditions: readonly unknown[] };
    const [entry = {}] = aws.taken;
    const conditions = data.conditions.slice(0, 1);
    expect(detailOf(entry)).toStrictEqual({ ...event, scanomitted: 'conditions', data: { ...data, conditions } });
    expect(readEvent(detailOf(entry)).extensions).toEqual({ scanomitted: 'conditions' });
  });

  it('goes without any conditions where our own are too much', async () => {
    const event = statusChangedEvent('event-1');
    const conditions = [{ type: 'Succeeded', status: 'False', message: '\u0001'.repeat(60_000) }];
    const { aws } = await sendTo([{ ...event, data: { ...(event.data as JsonObject), conditions } }]);
    const [entry = {}] = aws.taken;
    expect(detailOf(entry).data).toMatchObject({ conditions: [], phase: 'Completed' });
  });

  it('is never cut where somebody signed it', async () => {
    const signed = { ...statusChangedEvent('event-1', ['x'.repeat(LARGEST)]), type: POLICY_EVALUATED };
    const { aws, why } = await sendTo([signed]);
    expect(why).toEqual([expect.stringContaining('the event event-1 is too large for the event bus')]);
    expect(aws.asked).toHaveLength(0);
  });

  it('is not sent where something else is too much', async () => {
    const event = statusChangedEvent('event-1', ['a condition']);
    const artifact = { image: 'x'.repeat(LARGEST) };
    const { aws, why } = await sendTo([{ ...event, data: { ...(event.data as JsonObject), artifact } }]);
    expect(why).toEqual([expect.stringContaining('the event event-1 is too large for the event bus')]);
    expect(aws.asked).toHaveLength(0);
  });
});

describe('a bus that refuses', () => {
  const isOf =
    (...ids: readonly string[]) =>
    (entry: Entry): boolean =>
      ids.includes(String(detailOf(entry).id));

  it('is sent again only what it refused', async () => {
    const { aws, answers } = await sendTo(events(10), (_, request) =>
      request === 0 ? (entry) => (isOf('event-3', 'event-7')(entry) ? 'ThrottlingException' : undefined) : undefined,
    );
    expect(answers).toStrictEqual(accepted(10));
    expect(countsOf(aws.requests)).toEqual([10, 2]);
    expect(idsOf(aws.taken).slice(8)).toEqual(['event-3', 'event-7']);
  });

  it.each(['ThrottlingException', 'InternalFailure', 'InternalException', UNSAID])(
    'is tried five times with an entry that meets %s, and no more',
    async (code) => {
      const { aws, why } = await sendTo(events(3), () => (entry) => (isOf('event-1')(entry) ? code : undefined));
      const said = code === UNSAID ? 'InternalFailure' : code;
      expect(why).toEqual([undefined, `the event bus did not take the event (${said})`, undefined]);
      expect(countsOf(aws.requests)).toEqual([3, 1, 1, 1, 1]);
    },
  );

  it.each(['AccessDeniedException', 'MalformedDetail', 'InvalidArgument', 'NotAuthorizedForSourceException'])(
    'is believed at once where an entry meets %s',
    async (code) => {
      const { aws, answers, why } = await sendTo(
        events(3),
        () => (entry) => (isOf('event-1')(entry) ? code : undefined),
      );
      expect(why).toEqual([undefined, `the event bus did not take the event (${code})`, undefined]);
      expect(answers[1]?.cause).toEqual(new Error(`${code}.`));
      expect(aws.requests).toHaveLength(1);
    },
  );

  it.each([
    new Refusal('ThrottlingException', 'Rate exceeded'),
    new Refusal('InternalFailure', 'We failed.', 500),
    new Refusal('InternalException', 'We failed.', 500),
    new Refusal('ServiceUnavailable', 'Later.', 503),
    new Refusal('TooManyRequestsException', 'Later.', 429),
    new Refusal('RequestTimeTooSkewed', 'The clock is wrong.', 403),
    new Refusal('InvalidSignatureException', 'Signature not yet current.', 403),
    'hang up' as const,
  ])('is sent everything again after a whole request met trouble', async (trouble) => {
    const { aws, answers } = await sendTo(events(4), (_, request) => (request < 4 ? trouble : undefined));
    expect(answers).toStrictEqual(accepted(4));
    expect(countsOf(aws.requests)).toEqual([4, 4, 4, 4, 4]);
  });

  it('is tried five times where it throttles every request, not five times as often by the SDK', async () => {
    const { aws, why } = await sendTo(events(2), () => new Refusal('ThrottlingException'));
    expect(why).toEqual(accepted(2).map(() => 'the event bus does not take events (ThrottlingException)'));
    expect(aws.asked).toHaveLength(5);
  });

  it.each([
    new Refusal('AccessDeniedException'),
    new Refusal('ResourceNotFoundException'),
    new Refusal('UnrecognizedClientException', 'The security token included in the request is invalid.'),
    new Refusal('ExpiredTokenException', 'expired', 403),
  ])('is believed at once where somebody has to mend something', async (refusal) => {
    const { aws, answers, why } = await sendTo(events(12), () => refusal);
    expect(why).toEqual(accepted(12).map(() => `the event bus does not take events (${refusal.code})`));
    expect(answers[0]?.cause).toMatchObject({ message: refusal.message });
    expect(aws.asked).toHaveLength(2);
  });

  it('gets each event alone where it finds a request wrong, so that one wrong event keeps no other back', async () => {
    const wrong = { ...statusChangedEvent('wrong'), type: 'x'.repeat(129) };
    const { aws, why } = await sendTo([statusChangedEvent('a'), wrong, statusChangedEvent('b')]);
    expect(why).toEqual([undefined, 'the event bus does not take events (ValidationException)', undefined]);
    expect(countsOf(aws.requests)).toEqual([3, 1, 1, 1]);
  });
});

describe('a bus that gives no answer', () => {
  it('is given up when the time for it is over, whatever was accepted by then', async () => {
    const silent: Troubles = ({ input }) =>
      (input.Entries as readonly Entry[]).some((entry) => detailOf(entry).id === 'event-12') ? 'silence' : undefined;
    const { why } = await sendTo(events(13), silent, { ...QUICK, deadline: 300 });
    expect(why).toEqual([...accepted(10), ...accepted(3).map(() => 'the event bus gave no answer in time')]);
  });

  it('accepted nothing where there was no time to ask', async () => {
    const { why } = await sendTo(events(1), () => 'silence', { ...QUICK, deadline: 0 });
    expect(why).toEqual(['the event bus gave no answer in time']);
  });

  it('is asked again after a request that was not answered', async () => {
    const { aws, answers } = await sendTo(events(2), (_, request) => (request === 0 ? 'silence' : undefined), {
      ...QUICK,
      request: 100,
      deadline: 2_000,
    });
    expect(answers).toStrictEqual(accepted(2));
    expect(aws.requests).toHaveLength(2);
  });

  it('is not tried again when the time is over', async () => {
    const late: Troubles = () => {
      moveClock(PACE.deadline);
      return new Refusal('ThrottlingException');
    };
    const { aws, why } = await sendTo(events(1), late);
    expect(why).toEqual(['the event bus does not take events (ThrottlingException)']);
    expect(aws.asked).toHaveLength(1);
  });

  it('is not there where nobody listens, and the cause is kept', async () => {
    await openAws();
    process.env.AWS_ENDPOINT_URL_EVENTBRIDGE = 'http://127.0.0.1:9';
    const [why] = await busOutput('scans', QUICK).send(events(1));
    expect(why).toBeInstanceOf(Unavailable);
    expect(why?.message).toMatch(/^the event bus cannot be asked \(.*ECONNREFUSED 127\.0\.0\.1:9\)$/);
    expect(why?.cause).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  });

  it('is not asked without a region', async () => {
    const aws = await openAws();
    delete process.env.AWS_REGION;
    const [why] = await busOutput('scans', QUICK).send(events(1));
    expect(why?.message).toBe('the event bus cannot be asked (Region is missing)');
    expect(aws.asked).toHaveLength(0);
  });

  it('is not asked without credentials', async () => {
    const aws = await openAws();
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
    process.env.AWS_EC2_METADATA_DISABLED = 'true';
    const [why] = await busOutput('scans', QUICK).send(events(1));
    expect(why?.message).toBe('the event bus cannot be asked (CredentialsProviderError)');
    expect(aws.asked).toHaveLength(0);
  });
});
