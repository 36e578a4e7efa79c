/** What a replay found, as text for people and as JSON for programs; written as it happens. */
import { canonicalJson } from '../conditions/canonical.ts';
import { CONDITION_TYPES, isJsonObject, type JsonObject } from '../conditions/status.ts';
import { cleanText } from '../conditions/text.ts';
import type { Received } from '../runtime/received.ts';
import type { StoredScan } from '../scans/store.ts';
import type { Line } from './lines.ts';
import type { Summary } from './run.ts';

/** Text of any length; resolves when there is room for more. */
export type Write = (text: string) => Promise<void>;

export interface Report {
  readonly event: (line: Line, received: Received) => Promise<void> | undefined;
  readonly finish: (scans: AsyncIterable<StoredScan>, summary: Summary) => Promise<void>;
}

const problemOf = ({ outcome, why }: Received): string | undefined => {
  if (outcome !== 'rejected' && outcome !== 'unavailable') return undefined;
  return why instanceof Error ? why.message : why;
};

const eventJson = (line: Line, received: Received, namesFile: boolean): string => {
  const { id = null, type = null, outcome, scan = null, changes } = received;
  const error = problemOf(received);
  const where = namesFile ? { file: line.file, line: line.number } : { line: line.number };
  return JSON.stringify({ ...where, id, type, outcome, scan, changes, ...(error !== undefined && { error }) });
};

/** One JSON document: `events`, `scans` (canonical, so that equal scans are equal bytes) and `summary`. */
export const jsonReport = (write: Write, namesFile: boolean): Report => {
  let separator = '{"events":[\n';
  return {
    event: (line, received) => {
      const written = write(separator + eventJson(line, received, namesFile));
      separator = ',\n';
      return written;
    },
    finish: async (scans, summary) => {
      await write(separator === ',\n' ? '\n],"scans":[' : '{"events":[],"scans":[');
      let between = '\n';
      for await (const { scan, status } of scans) {
        await write(between + canonicalJson({ ...scan, status }));
        between = ',\n';
      }
      await write(`\n],"summary":${JSON.stringify(summary)}}\n`);
    },
  };
};

const conditionText = (condition: JsonObject): string => {
  const detail =
    condition.error || (condition.status === 'False' && condition.type === 'PolicySucceeded' && condition.message);
  return `${condition.type}=${condition.status}${detail ? ` (${detail})` : ''}`;
};

const ofOurs = (condition: unknown): condition is JsonObject =>
  isJsonObject(condition) && CONDITION_TYPES.some((type) => type === condition.type);

const scanText = ({ scan, status }: StoredScan): string => {
  const conditions = Array.isArray(status.conditions) ? status.conditions.filter(ofOurs).map(conditionText) : [];
  return [`${scan.namespace}/${scan.kind}/${scan.name}`, scan.uid, status.phase, ...conditions].join('  ');
};

const eventText = (line: Line, received: Received, namesFile: boolean): string => {
  const { id, type, outcome, scan, changes, why } = received;
  const where = namesFile ? `${line.file}:${line.number}` : `line ${line.number}`;
  const about = scan && `${scan.namespace}/${scan.kind}/${scan.name}`;
  const changed = changes.map((change) => `${change.type}=${change.to}`).join(' ');
  const reason = why instanceof Error ? why.message : why;
  return [where, outcome, type, id, about, changed, reason].filter((part) => part).join('  ');
};

/** Lines for people: the events (all where asked, else only the bad ones), the scans, the summary. */
export const textReport = (write: Write, namesFile: boolean, allEvents: boolean): Report => {
  // A terminal obeys control characters, and what stands here was sent by strangers.
  const writeLine = (text: string): Promise<void> => write(`${cleanText(text).replaceAll('\n', ' ')}\n`);
  return {
    event: (line, received) =>
      allEvents || problemOf(received) !== undefined ? writeLine(eventText(line, received, namesFile)) : undefined,
    finish: async (scans, summary) => {
      for await (const stored of scans) await writeLine(scanText(stored));
      await write(
        `${Object.entries(summary)
          .map(([outcome, count]) => `${count} ${outcome}`)
          .join(', ')}\n`,
      );
    },
  };
};
