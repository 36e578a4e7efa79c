/**
 * The output that `EVENT_BUS_NAME` names: an event bus of Amazon EventBridge. Region, credentials and endpoint are those
 * that the SDK finds in the environment (`AWS_REGION`, `AWS_ENDPOINT_URL`, …).
 *
 * An entry's detail is the whole CloudEvent, so that whoever gets it through a rule has it as it was sent.
 */
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import type { JsonObject } from '../conditions/status.ts';
import { entryFailure, type Failure } from './aws-failures.ts';
import { CLIENT, type EventService, outputTo } from './aws-output.ts';
import type { Output } from './output.ts';
import type { Pace } from './send-again.ts';

const NAME = 'the event bus';
/** Rules match on it, so it is the same for every cluster; which one it was, the CloudEvent's own `source` says. */
const SOURCE = 'scan-status';

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_ENTRIES = 10;
/** Of a request, and so of an entry. */
const MAX_BYTES = 262_144;

/** What the time of an entry counts, however it is written. */
const TIME_BYTES = 14;

/**
 * The bytes of an entry as EventBridge counts them.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents-size.html
 */
const sizeOf = ({ Time, Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number =>
  (Time === undefined ? 0 : TIME_BYTES) +
  Buffer.byteLength(Source) +
  Buffer.byteLength(DetailType) +
  Buffer.byteLength(Detail);

/** A version 00 `traceparent`. @see https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACE_PARENT = /^00-([0-9a-f]{8})([0-9a-f]{24})-([0-9a-f]{16})-[0-9a-f]([0-9a-f])$/;

/**
 * A W3C trace as AWS X-Ray writes it, which is the only way that an entry has.
 *
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
const traceHeader = (traceparent: unknown): string | undefined => {
  const [whole, first, rest, parent, flags = '0'] = TRACE_PARENT.exec(String(traceparent)) ?? [];
  if (whole === undefined) return undefined;
  return `Root=1-${first}-${rest};Parent=${parent};Sampled=${Number.parseInt(flags, 16) & 1}`;
};

const timeOf = ({ time }: JsonObject): Date | undefined => {
  const at = new Date(String(time));
  return Number.isNaN(at.getTime()) ? undefined : at;
};

const entryOf = (bus: string, event: JsonObject, json: string): PutEventsRequestEntry => {
  const time = timeOf(event);
  const trace = traceHeader(event.traceparent);
  return {
    EventBusName: bus,
    Source: SOURCE,
    DetailType: String(event.type),
    Detail: json,
    ...(time && { Time: time }),
    ...(trace !== undefined && { TraceHeader: trace }),
  };
};

/** What EventBridge says of an entry: its id where it was taken. */
interface Result {
  readonly EventId?: string | undefined;
  readonly ErrorCode?: string | undefined;
  readonly ErrorMessage?: string | undefined;
}

const failureOf = ({ EventId, ErrorCode, ErrorMessage = '' }: Result = {}): Failure | undefined => {
  if (ErrorCode !== undefined) return entryFailure(NAME, ErrorCode, ErrorMessage);
  return EventId === undefined ? entryFailure(NAME, 'InternalFailure', 'said nothing of the entry') : undefined;
};

/** Sends to the bus of this name or ARN. */
export const busOutput = (bus: string, pace?: Pace): Output => {
  const client = new EventBridgeClient(CLIENT);
  const service: EventService<PutEventsRequestEntry> = {
    name: NAME,
    bounds: { entries: MAX_ENTRIES, bytes: MAX_BYTES },
    sizeOf,
    room: (event) => MAX_BYTES - sizeOf(entryOf(bus, event, '')),
    entryOf: (event, json) => entryOf(bus, event, json),
    request: async (batch, abortSignal) => {
      const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: [...batch] }), { abortSignal });
      return batch.map((_, at) => failureOf(Entries[at]));
    },
  };
  return outputTo(service, pace);
};
