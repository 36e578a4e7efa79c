/** PutEvents as EventBridge does it: what a request may hold, and what it says of each entry. */
import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { type Answered, type Entry, Refusal, UNSAID } from './aws-operation.ts';

const MAX_ENTRIES = 10;
/** 256 KB. */
const MAX_BYTES = 262_144;
const TIME_BYTES = 14;

const bytesOf = (value: unknown): number => (typeof value === 'string' ? Buffer.byteLength(value) : 0);

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents-size.html */
export const entryBytes = ({ Time, Source, DetailType, Detail, Resources }: Entry): number =>
  (Time === undefined ? 0 : TIME_BYTES) +
  [Source, DetailType, Detail, ...(Array.isArray(Resources) ? Resources : [])].reduce<number>(
    (sum, value) => sum + bytesOf(value),
    0,
  );

const invalid = (problem: string): Refusal => new Refusal('ValidationException', problem);

const isDetail = (detail: unknown): boolean => {
  try {
    return isJsonObject(JSON.parse(String(detail)));
  } catch {
    return false;
  }
};

/** @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
const TRACE = /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;Parent=[0-9a-f]{16})?(?:;Sampled=[01])?$/;

/** The shape of the request is wrong, and so all of it. */
const checkShape = ({ Source, DetailType, Time, TraceHeader, EventBusName }: Entry, at: number): void => {
  const where = `at 'entries.${at + 1}.member`;
  if (Time !== undefined && !Number.isFinite(Time)) throw new Refusal('SerializationException', `${where}.time'`);
  if (bytesOf(Source) > 256) throw invalid(`${where}.source' failed to satisfy constraint`);
  if (bytesOf(DetailType) > 128) throw invalid(`${where}.detailType' failed to satisfy constraint`);
  if (TraceHeader !== undefined && !TRACE.test(String(TraceHeader))) throw invalid(`${where}.traceHeader'`);
  if (EventBusName !== undefined && !/^[\w./:-]{1,1600}$/.test(String(EventBusName))) throw invalid(`${where}.bus'`);
};

const codeOf = ({ Source, DetailType, Detail }: Entry): string | undefined => {
  if ([Source, DetailType, Detail].some((value) => typeof value !== 'string' || value === '')) return 'InvalidArgument';
  if (String(Source).startsWith('aws.')) return 'NotAuthorizedForSourceException';
  return isDetail(Detail) ? undefined : 'MalformedDetail';
};

export const putEvents = (input: JsonObject, refuse: (entry: Entry) => string | undefined): Answered => {
  const entries = (Array.isArray(input.Entries) ? input.Entries : []) as readonly Entry[];
  if (entries.length < 1 || entries.length > MAX_ENTRIES) {
    throw invalid(`Value at 'entries' failed to satisfy constraint: Member must have length from 1 to ${MAX_ENTRIES}`);
  }
  for (const [at, entry] of entries.entries()) checkShape(entry, at);
  if (entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > MAX_BYTES) {
    throw invalid('Total size of the entries in the request is over the limit.');
  }
  const results = entries.map((entry) => {
    const ErrorCode = codeOf(entry) ?? refuse(entry);
    if (ErrorCode === UNSAID) return {};
    return ErrorCode === undefined ? { EventId: randomUUID() } : { ErrorCode, ErrorMessage: `${ErrorCode}.` };
  });
  const FailedEntryCount = results.filter((result) => 'ErrorCode' in result).length;
  const taken = entries.filter((_, at) => 'EventId' in (results[at] ?? {}));
  return { output: { FailedEntryCount, Entries: results }, taken };
};
