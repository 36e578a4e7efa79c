/**
 * SPDX in JSON with vulnerabilities, as drafts of SPDX 3 had them and snyk2spdx writes them.
 *
 * @see https://github.com/snyk-tech-services/snyk2spdx (src/types.ts)
 */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { canariesOf, type Planted } from './canary.ts';
import { findingIn, findingOf, ratingOf, reportOf, type Told } from './findings.ts';
import type { Finding, Rating, ReportReader, Scanner } from './report.ts';
import { at, eachIn, numberIn, objectIn, textIn, textsIn, told, WrongShape } from './shape.ts';

const PREFIX = 'SPDXRef-';

/** The base of each score, as a number or a text: the greatest. */
const scoreOf = (rating: JsonObject): number | undefined => {
  const bases = eachIn(rating, 'score', (score) => numberIn(score, 'base')) ?? [];
  const scores = bases.filter((base) => base !== undefined);
  return scores.length === 0 ? undefined : scores.reduce((a, b) => Math.max(a, b));
};

const readRating = (rating: JsonObject): Rating =>
  ratingOf({
    severity: textIn(rating, 'severity'),
    score: scoreOf(rating),
    method: textIn(rating, 'method'),
    vector: textIn(rating, 'vector'),
  });

const readRelationship = (relationship: JsonObject) => {
  const ratedBy = objectIn(relationship, 'ratedBy') ?? {};
  const affect = objectIn(relationship, 'affect') ?? {};
  return {
    ratings: at('ratedBy', () => eachIn(ratedBy, 'rating', readRating)) ?? [],
    affects: at('affect', () => textsIn(affect, 'to')),
  };
};

/** `NAME@VERSION`; an `@` at the front is an npm scope. */
const componentOf = (element: string): { readonly component: string; readonly version: string | undefined } => {
  const place = element.lastIndexOf('@');
  if (place <= 0 || place === element.length - 1) return { component: element, version: undefined };
  return { component: element.slice(0, place), version: element.slice(place + 1) };
};

/** What was scanned: snyk2spdx names the document after it. */
const subjectOf = (document: JsonObject): string | undefined => {
  const id = told(document, 'id');
  return told(document, 'name') ?? (id?.startsWith(PREFIX) ? id.slice(PREFIX.length) : id);
};

/**
 * A finding for each element that is affected. Of several the subject itself is left out: snyk2spdx writes the path
 * from it to the package, and every vulnerability would count once more.
 */
const readVulnerability = (vulnerability: JsonObject, subject: string | undefined): readonly Finding[] => {
  const relationships = eachIn(vulnerability, 'relationships', readRelationship) ?? [];
  const finding = findingOf({
    id: textIn(vulnerability, 'id'),
    ratings: relationships.flatMap(({ ratings }) => ratings),
    description: textIn(vulnerability, 'summary') ?? textIn(vulnerability, 'details'),
  });
  const affected = relationships.flatMap(({ affects }) => affects.filter((element) => element !== '').map(componentOf));
  const parts = affected.filter(({ component }) => component !== subject);
  const places = parts.length > 0 ? parts : affected;
  return places.length === 0 ? [finding] : places.map((place) => findingIn(finding, place));
};

/** `Organization: NAME`, or `Tool: NAME-VERSION`. */
const scannerOf = (creator = ''): Told<Scanner> => {
  const name = creator.slice(creator.indexOf(':') + 1).trim() || undefined;
  return creator.startsWith('Tool:') ? { name } : { vendor: name };
};

const read: ReportReader['read'] = (document) => {
  if (!isJsonObject(document)) throw new WrongShape('root', 'must be an object');
  const subject = subjectOf(document);
  const findings = eachIn(document, 'vulnerabilities', (item) => readVulnerability(item, subject));
  // Without the list it is a bill of materials, and says nothing of vulnerabilities.
  if (findings === undefined) throw new WrongShape('vulnerabilities', 'must be a list');
  return reportOf('spdx-json', findings.flat(), { scanner: scannerOf(told(document, 'creator')), artifact: subject });
};

const canary = (vulnerabilities: readonly Planted[]): string =>
  JSON.stringify({
    id: `${PREFIX}canary`,
    name: 'canary',
    specVersion: 'SPDX-3.0',
    profile: ['base', 'vulnerabilities'],
    creator: 'Organization: canary',
    vulnerabilities: vulnerabilities.map(({ id, word, score, component, version }) => ({
      id,
      name: id,
      relationships: [
        {
          affect: { to: ['canary@1', `${component}@${version}`], type: 'AFFECTS' },
          foundBy: { to: [''], type: 'FOUND_BY' },
          suppliedBy: { to: [''], type: 'SUPPLIED_BY' },
          ratedBy: {
            to: [''],
            type: 'RATED_BY',
            rating: [{ method: 'CVSS_3', score: score > 0 ? [{ base: score }] : [], severity: word }],
          },
        },
      ],
    })),
  });

const isSpdxText = (value: unknown): boolean => typeof value === 'string' && value.startsWith('SPDX');

/** Reads SPDX in JSON with vulnerabilities. */
export const spdxJson: ReportReader = {
  format: 'spdx-json',
  recognises: (document) =>
    isJsonObject(document) &&
    [document['specVersion'], document['spdxVersion'], document['SPDXID'], document['id']].some(isSpdxText),
  read,
  canaries: [
    ...canariesOf(['Critical', 'High', 'Medium', 'Low', 'None', 'Unknown', 'UnknownSeverity'], canary),
    ...canariesOf(['critical', 'high', 'medium', 'low', 'none', 'unknown'], canary),
  ],
};
