/**
 * Reads a report: its bytes, then its syntax, then its format, each told by what the report holds.
 *
 * Everything that is wrong with it ends as `UnreadableReport`, in one line. A report that cannot be read is never an
 * empty one.
 */
import { isJsonObject } from '../../conditions/status.ts';
import type { ReportFormat } from '../../events/report-ready.ts';
import { cyclonedxJson } from './cyclonedx-json.ts';
import { cyclonedxXml } from './cyclonedx-xml.ts';
import { grype } from './grype.ts';
import { parseJson } from './json.ts';
import { printable } from './quote.ts';
import { type Report, type ReportReader, UnreadableReport } from './report.ts';
import { sarif } from './sarif.ts';
import { scanResult } from './scan-result.ts';
import { spdxJson } from './spdx-json.ts';
import { trivy } from './trivy.ts';
import { parseXml } from './xml.ts';
import { parseYaml } from './yaml.ts';

export const READERS: readonly ReportReader[] = [
  cyclonedxJson,
  cyclonedxXml,
  trivy,
  grype,
  spdxJson,
  sarif,
  scanResult,
];

/** Without a byte order mark; as the start of a text where there may be more, so that a last character may lack some. */
const decoded = (bytes: Uint8Array, mayGoOn: boolean): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: mayGoOn });
  } catch {
    return undefined;
  }
};

const decode = (bytes: Uint8Array): string => {
  const text = decoded(bytes, false);
  if (text !== undefined) return text;
  if (decoded(bytes, true) !== undefined)
    throw new UnreadableReport(`the report ends in the middle: of a character, at byte ${bytes.length}, its last`);
  throw new UnreadableReport('the report is not UTF-8');
};

const FIRST = /[^ \t\r\n]/;

const parse = (bytes: Uint8Array): unknown => {
  const text = decode(bytes);
  const first = FIRST.exec(text)?.[0];
  if (first === undefined) throw new UnreadableReport('the report is empty');
  if (first === '<') return parseXml(text);
  if (first === '{' || first === '[') return parseJson(text, bytes);
  return parseYaml(text);
};

const MOST_FIELDS = 5;

/** What there is instead of a format that we know. */
const appearance = (document: unknown): string => {
  if (!isJsonObject(document)) return `at its root is ${Array.isArray(document) ? 'a list' : 'no object'}`;
  const names = Object.keys(document);
  const some = names.slice(0, MOST_FIELDS).map((name) => printable(name));
  return `at its root is ${some.join(', ')}${names.length > MOST_FIELDS ? ', …' : ''}`;
};

const readerOf = (document: unknown, named: ReportFormat | undefined): ReportReader => {
  const recognised = READERS.filter(({ recognises }) => recognises(document));
  const formats = recognised.map(({ format }) => format).join(' and ');
  const [reader] = recognised;
  if (reader === undefined) {
    const wanted = named ?? `one of ${READERS.map(({ format }) => format).join(', ')}`;
    throw new UnreadableReport(`the report is not ${wanted}: ${appearance(document)}`);
  }
  if (recognised.length > 1) throw new UnreadableReport(`the report could be ${formats}: ${appearance(document)}`);
  if (named !== undefined && named !== reader.format)
    throw new UnreadableReport(`the report is said to be ${named}, and is ${formats}`);
  return reader;
};

/** A report, and the document that policies over the whole of it see: its JSON, that of its XML, or its YAML. */
export interface ParsedReport {
  readonly report: Report;
  readonly document: unknown;
}

/**
 * Reads a report in UTF-8, of the format that is named or that its content shows. Its size is the caller's to bound.
 * Throws `UnreadableReport`; one that looks cut says that it `ends in the middle`.
 */
export const parseReport = (bytes: Uint8Array, format?: ReportFormat): ParsedReport => {
  const document = parse(bytes);
  return { report: readerOf(document, format).read(document), document };
};
