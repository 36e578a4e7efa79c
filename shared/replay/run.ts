/** The replay: every record of an archive through the one way in, and what became of each. */
import { type Fact, factInstant, type ScanRef } from '../conditions/facts.ts';
import { type Instant, parseInstant } from '../conditions/instant.ts';
import type { Event } from '../events/event.ts';
import { Rejected } from '../events/rejected.ts';
import { type Decision, isFact } from '../runtime/decide.ts';
import type { AnyFunction } from '../runtime/function.ts';
import { type Reply, receive, type Services } from '../runtime/receive.ts';
import type { Outcome, Received } from '../runtime/received.ts';
import type { Line } from './lines.ts';
import { readRecord } from './records.ts';

/** Which events to replay; an absent bound lets all through. */
export interface Selection {
  readonly scan?: { readonly kind?: string; readonly namespace: string; readonly name: string };
  readonly type?: string;
  /** The first and the last instant of facts. */
  readonly since?: Instant;
  readonly until?: Instant;
}

export type Summary = Readonly<Record<Exclude<Outcome, 'refused'>, number>>;

/** Hears of each event as it happens. */
export interface Observer {
  readonly event: (line: Line, received: Received) => Promise<void> | undefined;
  /** Called after each block of lines. */
  readonly progress: (line: Line) => void;
}

/** Whether a selection is about this scan; one that names none is about all. */
export const selectsScan = ({ scan: wanted }: Selection, { kind, namespace, name }: ScanRef): boolean =>
  wanted === undefined || (wanted.namespace === namespace && wanted.name === name && (wanted.kind ?? kind) === kind);

const isOfScan = (selection: Selection, fact: Fact | undefined): boolean =>
  fact === undefined ? selection.scan === undefined : selectsScan(selection, fact.scan);

const isWithin = ({ since, until }: Selection, event: Event, fact: Fact | undefined): boolean => {
  if (since === undefined && until === undefined) return true;
  const instant = fact === undefined ? parseInstant(event.time ?? '') : factInstant(fact);
  return instant !== undefined && instant >= (since ?? instant) && instant <= (until ?? instant);
};

/**
 * Whether a replay leaves out what a function made of an event.
 *
 * A failure is left out only by its event's type: what cannot be read might be what one looks for.
 */
export const leavesOut =
  (selection: Selection) =>
  (event: Event, decision: Decision): boolean => {
    if (event.type !== (selection.type ?? event.type)) return true;
    if (decision instanceof Error) return false;
    const fact = isFact(decision) ? decision : undefined;
    return !isOfScan(selection, fact) || !isWithin(selection, event, fact);
  };

const rejectedLine = (why: Rejected): Reply => ({
  batch: false,
  received: [{ outcome: 'rejected', why, changes: [], causes: [] }],
});

/** The message of a line, or what is wrong with it. */
const readLine = ({ text }: Line): ReturnType<typeof readRecord> | Rejected => {
  if (text instanceof Rejected) return text;
  try {
    return readRecord(text);
  } catch (error) {
    if (error instanceof Rejected) return error;
    throw error;
  }
};

const isBlank = ({ text }: Line): boolean => typeof text === 'string' && text.trim() === '';

/** Replays lines, one after the other, and counts the outcomes. */
export const replay = async (
  blocks: AsyncIterable<readonly Line[]>,
  functions: readonly AnyFunction[],
  services: Services,
  observer: Observer,
): Promise<Summary> => {
  const summary = { applied: 0, duplicate: 0, superseded: 0, ignored: 0, rejected: 0, unavailable: 0 };
  const replayLine = async (line: Line): Promise<void> => {
    const message = readLine(line);
    const { received } =
      message instanceof Rejected ? rejectedLine(message) : await receive(message, functions, services);
    for (const one of received) {
      summary[one.outcome === 'refused' ? 'rejected' : one.outcome] += 1;
      const written = observer.event(line, one);
      if (written !== undefined) await written;
    }
  };
  for await (const lines of blocks) {
    for (const line of lines) if (!isBlank(line)) await replayLine(line);
    const last = lines.at(-1);
    if (last !== undefined) observer.progress(last);
  }
  return summary;
};
