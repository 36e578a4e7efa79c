/**
 * CycloneDX in JSON. Before 1.4 it had no vulnerabilities, and since then it may have none: such a report is empty.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { canariesOf, type Planted } from './canary.ts';
import {
  artifactName,
  type Component,
  type Components,
  componentName,
  findingsIn,
  scannerOf,
  type Target,
} from './cyclonedx.ts';
import { ratingOf, reportOf } from './findings.ts';
import { printable } from './quote.ts';
import type { Finding, Rating, ReportReader } from './report.ts';
import { eachIn, numberIn, objectIn, textIn, told, WrongShape } from './shape.ts';

const componentOf = (component: JsonObject): Component => ({
  name: componentName(textIn(component, 'group'), textIn(component, 'name')),
  version: textIn(component, 'version'),
});

/** Adds what is in the list, and what is inside of that: components and services both nest. */
const addComponents = (index: Map<string, Component>, parent: JsonObject, key: string): void => {
  eachIn(parent, key, (component) => {
    const ref = textIn(component, 'bom-ref');
    if (ref !== undefined && !index.has(ref)) index.set(ref, componentOf(component));
    if (component[key] !== undefined) addComponents(index, component, key);
  });
};

const componentsOf = (bom: JsonObject): Components => {
  const index = new Map<string, Component>();
  const subject = objectIn(objectIn(bom, 'metadata') ?? {}, 'component');
  if (subject !== undefined) addComponents(index, { components: [subject] }, 'components');
  addComponents(index, bom, 'components');
  addComponents(index, bom, 'services');
  return index;
};

const readRating = (rating: JsonObject): Rating =>
  ratingOf({
    severity: textIn(rating, 'severity'),
    score: numberIn(rating, 'score'),
    method: textIn(rating, 'method'),
    vector: textIn(rating, 'vector'),
    source: told(rating['source'], 'name'),
  });

const readTarget = (target: JsonObject): Target => ({
  ref: textIn(target, 'ref'),
  versions:
    eachIn(target, 'versions', (version) => ({
      version: textIn(version, 'version') ?? textIn(version, 'range'),
      status: textIn(version, 'status'),
    })) ?? [],
});

const readVulnerability = (vulnerability: JsonObject, components: Components): readonly Finding[] =>
  findingsIn(
    {
      id: textIn(vulnerability, 'id'),
      ratings: eachIn(vulnerability, 'ratings', readRating) ?? [],
      description: textIn(vulnerability, 'description'),
      recommendation: textIn(vulnerability, 'recommendation'),
    },
    eachIn(vulnerability, 'affects', readTarget) ?? [],
    components,
  );

/** Since 1.5 tools are components; before, they were a list of their own. */
const firstTool = ({ tools }: JsonObject): unknown => {
  const list = isJsonObject(tools) ? tools['components'] : tools;
  return Array.isArray(list) ? list[0] : undefined;
};

const read: ReportReader['read'] = (document) => {
  if (!isJsonObject(document) || document['bomFormat'] !== 'CycloneDX')
    throw new WrongShape('bomFormat', 'must be CycloneDX');
  const version = textIn(document, 'specVersion');
  if (version === undefined || !/^1\.\d{1,2}$/.test(version))
    throw new WrongShape('specVersion', `must be 1.2 to 1.6, and is ${printable(version ?? 'missing')}`);
  const components = componentsOf(document);
  const findings = eachIn(document, 'vulnerabilities', (item) => readVulnerability(item, components)) ?? [];
  const metadata = objectIn(document, 'metadata') ?? {};
  const subject = metadata['component'];
  const artifact = artifactName({ name: told(subject, 'name'), version: told(subject, 'version') });
  return reportOf('cyclonedx-json', findings.flat(), { scanner: scannerOf(firstTool(metadata)), artifact });
};

const canary = (vulnerabilities: readonly Planted[]): string =>
  JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    components: vulnerabilities.map(({ component, version }) => ({
      type: 'library',
      'bom-ref': component,
      name: component,
      version,
    })),
    vulnerabilities: vulnerabilities.map(({ id, word, score, component, version, fixedIn }) => ({
      id,
      ratings: [{ ...(score > 0 && { score }), severity: word, method: 'CVSSv31' }],
      recommendation: `Upgrade ${component} to version ${fixedIn}`,
      affects: [{ ref: component, versions: [{ version, status: 'affected' }] }],
    })),
  });

/** Reads CycloneDX in JSON. */
export const cyclonedxJson: ReportReader = {
  format: 'cyclonedx-json',
  recognises: (document) => isJsonObject(document) && 'bomFormat' in document,
  read,
  canaries: canariesOf(['critical', 'high', 'medium', 'low', 'info', 'none', 'unknown'], canary),
};
