/**
 * The summary that a scan's pod writes in YAML, having counted and evaluated itself. It lists no findings.
 *
 * A cut text of YAML is often YAML still. So the counts must be there, all five: they come first, and whatever was cut
 * off before or inside of them is noticed. What comes after, the violations, are told or they are not: a report that
 * was cut there has none to tell, not an empty list of them.
 *
 * @see https://docs.vmware.com/en/VMware-Tanzu-Application-Platform/1.8/tap/scst-scan-create-scan-template.html
 */
import { SEVERITIES } from '../../conditions/facts.ts';
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { canariesOf, type Planted } from './canary.ts';
import { reportOf, type Told } from './findings.ts';
import { printable } from './quote.ts';
import type { CveCount, ReportReader, Scanner } from './report.ts';
import { at, listIn, objectIn, textsIn, WrongShape } from './shape.ts';

/** The object with its keys in lower case: they are written `cveCount`, `CVECount` and `CRITICAL` as well. */
const lowered = (object: JsonObject): JsonObject => {
  const members = new Map<string, unknown>();
  for (const [key, value] of Object.entries(object)) {
    const lower = key.toLowerCase();
    if (members.has(lower)) throw new WrongShape(printable(lower), 'is told twice');
    members.set(lower, value);
  }
  return Object.fromEntries(members);
};

/** What `read` makes of the object that is told under `name`, in whatever case; of an empty one where there is none. */
const inside = <T>(object: JsonObject, name: string, read: (part: JsonObject) => T): T => {
  const part = objectIn(object, name.toLowerCase()) ?? {};
  return at(name, () => read(lowered(part)));
};

const countIn = (counts: JsonObject, key: string): number => {
  const count = counts[key];
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count;
  throw new WrongShape(key, count === undefined ? 'is missing: the report may be cut' : 'must be a whole number');
};

const cveCountOf = (counts: JsonObject): CveCount => {
  const entries = SEVERITIES.map((severity) => [severity, countIn(counts, severity.toLowerCase())] as const);
  const sum = entries.reduce((total, [, count]) => total + count, 0);
  if (counts['cvetotal'] !== undefined && countIn(counts, 'cvetotal') !== sum)
    throw new WrongShape('cvetotal', `must be ${sum}, the sum of the others`);
  return { ...(Object.fromEntries(entries) as Omit<CveCount, 'CVETOTAL'>), CVETOTAL: sum };
};

/** A version such as 22 is a number in YAML. */
const said = (value: unknown): string | undefined =>
  typeof value === 'number' || (typeof value === 'string' && value !== '') ? String(value) : undefined;

const scannerOf = (scanner: JsonObject): Told<Scanner> => ({
  name: said(scanner['name']),
  vendor: said(scanner['vendor']),
  version: said(scanner['version']),
});

const violationsOf = (evaluation: JsonObject): readonly string[] => {
  if (listIn(evaluation, 'violations') === undefined)
    throw new WrongShape('violations', 'is missing: the report may be cut');
  return textsIn(evaluation, 'violations');
};

const read: ReportReader['read'] = (document) => {
  if (!isJsonObject(document)) throw new WrongShape('root', 'must be an object');
  const whole = lowered(document);
  const [cveCount, scanner] = inside(whole, 'scan', (scan) => [
    inside(scan, 'cveCount', cveCountOf),
    inside(scan, 'scanner', scannerOf),
  ]);
  return {
    ...reportOf('scan-result', [], { scanner, artifact: undefined }),
    cveCount,
    ...(whole['eval'] !== undefined && { violations: inside(whole, 'eval', violationsOf) }),
  };
};

/** Counts, since there is nothing else in it; and what the pod would have found of them. */
const canary = (vulnerabilities: readonly Planted[]): string => {
  const counts = SEVERITIES.map((severity) => {
    const word = severity.toLowerCase();
    return `    ${word}: ${vulnerabilities.filter((planted) => planted.word === word).length}\n`;
  });
  const violations = vulnerabilities.map(({ id }) => `    - ${id}\n`);
  return `scan:\n  cveCount:\n${counts.join('')}eval:\n  violations:${violations.length === 0 ? ' []' : ''}\n${violations.join('')}`;
};

const isOurs = (key: string): boolean => /^(?:scan|eval)$/i.test(key);

/** Reads the scan-result, from YAML or from JSON. */
export const scanResult: ReportReader = {
  format: 'scan-result',
  recognises: (document) => isJsonObject(document) && Object.keys(document).some(isOurs),
  read,
  canaries: canariesOf(['critical', 'high', 'medium', 'low', 'unknown'], canary),
};
