/** Generated CycloneDX in XML: with the extension, and since 1.4. */
import fc from 'fast-check';
import type { Finding } from '../../shared/policy/reports/report.ts';
import {
  countOf,
  detailed,
  expectedFinding,
  type GeneratedReport,
  type KnownRating,
  type KnownVulnerability,
  knownRatings,
  type Place,
  places,
  scanners,
  some,
  vulnerabilities,
} from './reports-parts.ts';
import { type Element, element, extension, leaf, writeXml, type XmlStyle, xmlStyles } from './reports-xml.ts';

const NAMESPACE = 'http://cyclonedx.org/schema/bom/1.';
const EXTENSION = 'http://cyclonedx.org/schema/ext/vulnerability/1.0';

/** As Grype spelled them in the extension, and as 1.4 spells them. */
const ratings = detailed(
  knownRatings([
    ['Critical', 'CRITICAL'],
    ['High', 'HIGH'],
    ['Medium', 'MEDIUM'],
    ['Low', 'LOW'],
    ['Negligible', 'LOW'],
    ['critical', 'CRITICAL'],
    ['none', 'LOW'],
    ['info', 'LOW'],
  ]),
);

/** An empty wrapper, or none. */
const wrapped = (name: string, children: readonly Element[], isKept: boolean): Element | undefined =>
  children.length === 0 && !isKept ? undefined : element(name, children);

const ratingElement = ({ rating: { severity, score, method, vector, source } }: KnownRating, parts: boolean): Element =>
  element('rating', [
    source === undefined ? undefined : element('source', [leaf('name', source)]),
    score !== undefined && parts ? element('score', [leaf('base', score)]) : leaf('score', score),
    leaf('severity', severity),
    leaf('method', method),
    leaf('vector', vector),
  ]);

const document = (style: XmlStyle, version: string, children: readonly (Element | undefined)[]): string => {
  const own = style.prefix === '' ? 'xmlns' : 'xmlns:cdx';
  const namespaces = { [own]: `${NAMESPACE}${version}`, [`xmlns:${style.extensionPrefix.slice(0, -1)}`]: EXTENSION };
  return `${style.declaration}${writeXml(element('bom', children, { ...namespaces, version: '1' }), style)}\n`;
};

/** A component, its vulnerabilities, and a component inside of it. */
interface KnownComponent {
  readonly place: Place;
  readonly has: readonly KnownVulnerability[];
  readonly inside: readonly KnownComponent[];
}

const components = (depth: number): fc.Arbitrary<KnownComponent> =>
  fc.record({
    place: places,
    has: some(vulnerabilities(ratings)),
    inside: depth === 0 ? fc.constant([]) : fc.array(components(depth - 1), { maxLength: 1 }),
  });

const componentElement = ({ place, has, inside }: KnownComponent, keepsEmpty: boolean): Element =>
  element(
    'component',
    [
      leaf('name', place.component),
      leaf('version', place.version),
      inside.length === 0
        ? undefined
        : element(
            'components',
            inside.map((child) => componentElement(child, keepsEmpty)),
          ),
      wrapped(
        'vulnerabilities',
        has
          .map(({ id, ratings: rated, description }, index) =>
            element(
              'vulnerability',
              [
                leaf('id', id),
                wrapped(
                  'ratings',
                  rated.map((rating) => ratingElement(rating, true)),
                  keepsEmpty,
                ),
                leaf('description', description),
              ],
              { ref: `urn:uuid:${index}` },
            ),
          )
          .map((vulnerability) => extension(vulnerability)),
        keepsEmpty,
      ),
    ],
    { type: 'library' },
  );

const findingsInside = ({ place, has, inside }: KnownComponent): readonly Finding[] => [
  ...has.map(({ id, ratings: rated, description }) =>
    expectedFinding(id, rated, { component: place.component, version: place.version, description }),
  ),
  ...inside.flatMap(findingsInside),
];

const extended: fc.Arbitrary<GeneratedReport> = fc
  .tuple(some(components(2)), xmlStyles, fc.boolean(), fc.constantFrom('1', '2', '3'))
  .map(([all, style, keepsEmpty, version]) => {
    const findings = all.flatMap(findingsInside);
    const list = element(
      'components',
      all.map((component) => componentElement(component, keepsEmpty)),
    );
    return {
      format: 'cyclonedx-xml',
      text: document(style, version, [list]),
      findings,
      cveCount: countOf(findings),
    };
  });

const targetElement = ({ version, fixedIn }: Place, ref: string, isKnown: boolean): Element => {
  const affected = isKnown || version === undefined ? [] : [[version, 'affected'] as const];
  const all = [...affected, ...(fixedIn?.split(', ') ?? []).map((fix) => [fix, 'unaffected'] as const)];
  const versions = all.map(([text, status]) => element('version', [leaf('version', text), leaf('status', status)]));
  return element('target', [leaf('ref', ref), wrapped('versions', versions, false)]);
};

const modern: fc.Arbitrary<GeneratedReport> = fc
  .tuple(
    some(vulnerabilities(ratings)),
    fc.record({ style: xmlStyles, keepsEmpty: fc.boolean(), isKnown: fc.boolean(), toolsAreComponents: fc.boolean() }),
    scanners,
    fc.constantFrom('4', '5', '6'),
  )
  .map(([all, { style, keepsEmpty, isKnown, toolsAreComponents }, scanner, version]) => {
    const known = all.flatMap(({ places: where }, index) =>
      where.map((place, at) =>
        element('component', [leaf('name', place.component), leaf('version', place.version)], {
          type: 'library',
          'bom-ref': `${index}-${at}`,
        }),
      ),
    );
    const list = all.map(({ id, ratings: rated, description, places: where }, index) => {
      const targets = where.map((place, at) =>
        targetElement(place, isKnown ? `${index}-${at}` : place.component, isKnown),
      );
      return element('vulnerability', [
        leaf('id', id),
        wrapped(
          'ratings',
          rated.map((rating) => ratingElement(rating, false)),
          keepsEmpty,
        ),
        leaf('description', description),
        wrapped('affects', targets, keepsEmpty),
      ]);
    });
    const tool = [
      leaf(toolsAreComponents ? 'author' : 'vendor', scanner.vendor),
      leaf('name', scanner.name),
      leaf('version', scanner.version),
    ];
    const tools = toolsAreComponents
      ? element('tools', [element('components', [element('component', tool)])])
      : element('tools', [element('tool', tool)]);
    const findings = all.flatMap(({ id, ratings: rated, description, places: where }) =>
      where.length === 0
        ? [expectedFinding(id, rated, { description })]
        : where.map((place) => expectedFinding(id, rated, { ...place, description })),
    );
    return {
      format: 'cyclonedx-xml',
      text: document(style, version, [
        element('metadata', [tools, element('component', [leaf('name', 'nginx:1.16')], { type: 'container' })]),
        wrapped('components', isKnown ? known : [], keepsEmpty),
        wrapped('vulnerabilities', list, keepsEmpty),
      ]),
      findings,
      cveCount: countOf(findings),
      scanner,
      artifact: 'nginx:1.16',
    };
  });

export const cyclonedxXmlReports: fc.Arbitrary<GeneratedReport> = fc.oneof(extended, modern);
