/**
 * Grype's own JSON: a match is a vulnerability in an artifact.
 *
 * @see https://github.com/anchore/grype/tree/main/schema/grype/json
 */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { canariesOf, type Planted } from './canary.ts';
import { findingIn, findingOf, ratingOf, reportOf, type Told } from './findings.ts';
import type { Finding, Rating, ReportReader } from './report.ts';
import { at, eachIn, numberIn, objectIn, textIn, textsIn, told, WrongShape } from './shape.ts';

const required = (object: JsonObject, key: string): JsonObject => {
  const value = objectIn(object, key);
  if (value === undefined) throw new WrongShape(key, 'is missing');
  return value;
};

const readScore = (cvss: JsonObject): Told<Rating> => {
  const version = textIn(cvss, 'version');
  const metrics = objectIn(cvss, 'metrics') ?? {};
  return {
    score: at('metrics', () => numberIn(metrics, 'baseScore')),
    method: version === undefined ? undefined : `CVSSv${version}`,
    vector: textIn(cvss, 'vector'),
    source: textIn(cvss, 'source'),
  };
};

/** Grype has one severity and counts by it; of the scores that it knows, the greatest goes with it. */
const ratingIn = (vulnerability: JsonObject): Rating => {
  const scores = eachIn(vulnerability, 'cvss', readScore) ?? [];
  const greatest = scores.reduce<Told<Rating>>((a, b) => ((b.score ?? 0) > (a.score ?? 0) ? b : a), scores[0] ?? {});
  return ratingOf({ severity: textIn(vulnerability, 'severity'), ...greatest });
};

const readVulnerability = (vulnerability: JsonObject): Finding =>
  findingOf({
    id: textIn(vulnerability, 'id'),
    ratings: [ratingIn(vulnerability)],
    description: textIn(vulnerability, 'description'),
  });

const fixedInOf = (vulnerability: JsonObject): string | undefined => {
  const fix = objectIn(vulnerability, 'fix');
  const versions = fix === undefined ? [] : at('fix', () => textsIn(fix, 'versions'));
  return versions.length === 0 ? undefined : versions.join(', ');
};

const readMatch = (match: JsonObject): Finding => {
  const vulnerability = required(match, 'vulnerability');
  const artifact = required(match, 'artifact');
  const [finding, fixedIn] = at('vulnerability', () => [readVulnerability(vulnerability), fixedInOf(vulnerability)]);
  return at('artifact', () =>
    findingIn(finding, { component: textIn(artifact, 'name'), version: textIn(artifact, 'version'), fixedIn }),
  );
};

/** An image is told with what the user called it, a directory by its path. */
const artifactOf = (source: unknown): string | undefined => {
  const target = isJsonObject(source) ? source['target'] : undefined;
  return typeof target === 'string' ? target : told(target, 'userInput');
};

const read: ReportReader['read'] = (document) => {
  if (!isJsonObject(document)) throw new WrongShape('root', 'must be an object');
  const findings = eachIn(document, 'matches', readMatch);
  // Grype writes the list even where it is empty.
  if (findings === undefined) throw new WrongShape('matches', 'must be a list');
  const { descriptor } = document;
  const name = told(descriptor, 'name');
  return reportOf('grype', findings, {
    scanner: { name, vendor: name === 'grype' ? 'Anchore' : undefined, version: told(descriptor, 'version') },
    artifact: artifactOf(document['source']),
  });
};

const canary = (vulnerabilities: readonly Planted[]): string =>
  JSON.stringify({
    matches: vulnerabilities.map(({ id, word, score, component, version, fixedIn }) => ({
      vulnerability: {
        id,
        severity: word,
        cvss: score > 0 ? [{ type: 'Primary', version: '3.1', metrics: { baseScore: score } }] : [],
        fix: { versions: [fixedIn], state: 'fixed' },
      },
      relatedVulnerabilities: [],
      matchDetails: [],
      artifact: { name: component, version, type: 'deb' },
    })),
    source: { type: 'image', target: { userInput: 'canary' } },
    descriptor: { name: 'grype', version: '0.0.0' },
  });

/** Reads Grype's JSON. */
export const grype: ReportReader = {
  format: 'grype',
  recognises: (document) => isJsonObject(document) && 'matches' in document,
  read,
  canaries: canariesOf(['Critical', 'High', 'Medium', 'Low', 'Negligible', 'Unknown'], canary),
};
