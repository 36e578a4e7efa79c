/**
 * CycloneDX in XML, as JSON: since 1.4 vulnerabilities are the bom's own; before, an extension put them into
 * components (or beside them, referring to one).
 *
 * @see https://cyclonedx.org/docs/1.6/xml/
 * @see https://github.com/CycloneDX/specification/blob/master/schema/ext/vulnerability-1.0.xsd
 */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { artifactName, type Component, type Components, findingsIn, scannerOf, type Target } from './cyclonedx.ts';
import { CANARIES } from './cyclonedx-xml-canaries.ts';
import { componentOf, componentsOf, eachPart } from './cyclonedx-xml-parts.ts';
import { ratingOf, reportOf } from './findings.ts';
import type { Finding, Rating, ReportReader } from './report.ts';
import { at, numberIn, told, WrongShape } from './shape.ts';
import { childText, eachChild, eachWrapped } from './xml-shape.ts';

const NAMESPACE = 'http://cyclonedx.org/schema/bom/1.';

/** The extension's score has parts, of which the base is the one that counts. */
const scoreOf = (rating: JsonObject): number | undefined => {
  const { score } = rating;
  return isJsonObject(score) && !('#text' in score)
    ? at('score', () => numberIn({ base: childText(score, 'base') }, 'base'))
    : numberIn({ score: childText(rating, 'score') }, 'score');
};

const sourceOf = (rating: JsonObject): string | undefined =>
  eachChild(rating, 'source', (source) => childText(source, 'name') ?? childText(source, '-name'))[0];

const readRating = (rating: JsonObject): Rating =>
  ratingOf({
    severity: childText(rating, 'severity'),
    score: scoreOf(rating),
    method: childText(rating, 'method'),
    vector: childText(rating, 'vector'),
    source: sourceOf(rating),
  });

const readTarget = (target: JsonObject): Target => ({
  ref: childText(target, 'ref'),
  versions: eachWrapped(target, 'versions', 'version', (version) => ({
    version: childText(version, 'version') ?? childText(version, 'range'),
    status: childText(version, 'status'),
  })),
});

/** The findings of a vulnerability that is inside of `component`, or of the bom itself. */
const readVulnerability = (
  vulnerability: JsonObject,
  components: Components,
  component: Component | undefined,
): readonly Finding[] => {
  const affected = eachWrapped(vulnerability, 'affects', 'target', readTarget);
  // Inside of a component the extension's `ref` may name anything; beside them it names the component.
  const ref = component === undefined ? childText(vulnerability, '-ref') : undefined;
  return findingsIn(
    {
      id: childText(vulnerability, 'id'),
      ratings: eachWrapped(vulnerability, 'ratings', 'rating', readRating),
      description: childText(vulnerability, 'description'),
      recommendation: childText(vulnerability, 'recommendation'),
    },
    affected.length > 0 || ref === undefined ? affected : [{ ref, versions: [] }],
    components,
    component,
  );
};

const findingsOf = (bom: JsonObject): readonly Finding[] => {
  const components = componentsOf(bom);
  const found: (readonly Finding[])[] = [];
  const read = (parent: JsonObject, component: Component | undefined): void => {
    eachWrapped(parent, 'vulnerabilities', 'vulnerability', (vulnerability) => {
      found.push(readVulnerability(vulnerability, components, component));
    });
  };
  eachPart(bom, (component) => {
    if (component['vulnerabilities'] !== undefined) read(component, componentOf(component));
  });
  read(bom, undefined);
  return found.flat();
};

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

/** Since 1.5 tools are components; before, they were a list of their own. */
const firstTool = ({ tools }: JsonObject): unknown => {
  if (!isJsonObject(tools)) return undefined;
  const { tool, components } = tools;
  return first(tool ?? (isJsonObject(components) ? components['component'] : undefined));
};

/** The root, where one of its namespaces is CycloneDX's: under which prefix is the writer's choice. */
const bomOf = (document: unknown): JsonObject | undefined => {
  const bom = isJsonObject(document) ? document['bom'] : undefined;
  if (!isJsonObject(bom)) return undefined;
  const isOurs = Object.entries(bom).some(
    ([key, value]) => key.startsWith('-') && typeof value === 'string' && value.startsWith(NAMESPACE),
  );
  return isOurs ? bom : undefined;
};

const read: ReportReader['read'] = (document) => {
  const bom = bomOf(document);
  if (bom === undefined) throw new WrongShape('root', `must be a bom in the namespace ${NAMESPACE}x`);
  const findings = at('bom', () => findingsOf(bom));
  const metadata = isJsonObject(bom['metadata']) ? bom['metadata'] : {};
  const subject = metadata['component'];
  return reportOf('cyclonedx-xml', findings, {
    scanner: scannerOf(firstTool(metadata)),
    artifact: artifactName({ name: told(subject, 'name'), version: told(subject, 'version') }),
  });
};

/** Reads the JSON of CycloneDX in XML. */
export const cyclonedxXml: ReportReader = {
  format: 'cyclonedx-xml',
  recognises: (document) => bomOf(document) !== undefined,
  read,
  canaries: CANARIES,
};
