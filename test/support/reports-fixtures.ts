/** Reports as scanners write them, written down from their documentation. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParsedReport, parseReport } from '../../shared/policy/reports/read-report.ts';

const FOLDER = join(import.meta.dirname, '../policy/reports/fixtures');

export const fixture = (name: string): ParsedReport => parseReport(readFileSync(join(FOLDER, name)));

/** The same text, read. */
export const readText = (text: string): ParsedReport => parseReport(Buffer.from(text));

/** A JSON document, read. */
export const readJson = (document: unknown): ParsedReport => readText(JSON.stringify(document));
