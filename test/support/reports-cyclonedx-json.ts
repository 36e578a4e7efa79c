/** Generated CycloneDX in JSON. */
import fc from 'fast-check';
import type { Scanner } from '../../shared/policy/reports/report.ts';
import {
  countOf,
  defined,
  detailed,
  expectedFinding,
  type GeneratedReport,
  type KnownRating,
  type KnownVulnerability,
  knownRatings,
  layouts,
  type Place,
  scanners,
  some,
  vulnerabilities,
} from './reports-parts.ts';

const ratings = detailed(
  knownRatings([
    ['critical', 'CRITICAL'],
    ['high', 'HIGH'],
    ['medium', 'MEDIUM'],
    ['low', 'LOW'],
    ['info', 'LOW'],
    ['none', 'LOW'],
  ]),
);

/** How a place is told: by a component of its own, one inside of another, or by a reference that leads nowhere. */
type Telling = 'component' | 'nested' | 'service' | 'reference';
/** How it is told which version mends it. */
type Mending = 'unaffected' | 'recommended';

interface Shape {
  readonly specVersion: string;
  readonly tellings: readonly Telling[];
  readonly mending: Mending;
  readonly toolsAre: 'list' | 'components';
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  specVersion: fc.constantFrom('1.4', '1.5', '1.6'),
  tellings: fc.array(fc.constantFrom<Telling>('component', 'nested', 'service', 'reference'), {
    minLength: 1,
    maxLength: 3,
  }),
  mending: fc.constantFrom('unaffected', 'recommended'),
  toolsAre: fc.constantFrom('list', 'components'),
});

interface Told extends Place {
  readonly how: Telling;
  readonly ref: string;
}

/** Each place of each vulnerability, with how it is told and a reference to it. */
const toldPlaces = (all: readonly KnownVulnerability[], { tellings, mending }: Shape): readonly (readonly Told[])[] => {
  let count = 0;
  return all.map(({ places }) =>
    places.map((place) => {
      count += 1;
      const how = tellings[count % tellings.length] ?? 'component';
      // A recommendation is by name, so that it can recommend one fix for a name.
      const isTold =
        mending === 'unaffected' || places.filter((other) => other.component === place.component).length === 1;
      const ref = how === 'reference' ? place.component : `ref-${count}`;
      return { ...place, fixedIn: isTold ? place.fixedIn : undefined, how, ref };
    }),
  );
};

const listed = ({ ref, component: name, version }: Told): object =>
  defined({ 'bom-ref': ref, type: 'library', name, version });

const LISTS: Readonly<
  Record<Telling, (told: Told) => { readonly components?: object[]; readonly services?: object[] }>
> = {
  component: (told) => ({ components: [listed(told)] }),
  nested: (told) => ({ components: [{ type: 'library', name: 'outer', components: [listed(told)] }] }),
  service: (told) => ({ services: [listed(told)] }),
  reference: () => ({}),
};

const targetOf = ({ how, ref, version, fixedIn }: Told, { mending }: Shape): object => {
  const affected = how === 'reference' && version !== undefined ? [{ version, status: 'affected' }] : [];
  const unaffected = mending === 'unaffected' ? (fixedIn?.split(', ') ?? []) : [];
  return { ref, versions: [...affected, ...unaffected.map((fix) => ({ version: fix, status: 'unaffected' }))] };
};

const recommendationOf = (places: readonly Told[], { mending }: Shape): string | undefined => {
  const fixed = mending === 'recommended' ? places.filter(({ fixedIn }) => fixedIn !== undefined) : [];
  if (fixed.length === 0) return undefined;
  return fixed.map(({ component, fixedIn }) => `Upgrade ${component} to version ${fixedIn}`).join('; ');
};

const ratingOf = ({ rating: { source, ...rating } }: KnownRating): object => ({
  ...rating,
  ...(source !== undefined && { source: { name: source, url: 'https://nvd.nist.gov' } }),
});

const writtenOf = ({ id, ratings: rated, description }: KnownVulnerability, places: readonly Told[], shape: Shape) =>
  defined({
    'bom-ref': 'vulnerability',
    id,
    description,
    recommendation: recommendationOf(places, shape),
    ratings: rated.map(ratingOf),
    affects: places.length === 0 ? undefined : places.map((told) => targetOf(told, shape)),
  });

const findingsOf = ({ id, ratings: rated, description }: KnownVulnerability, places: readonly Told[]) =>
  places.length === 0
    ? [expectedFinding(id, rated, { description })]
    : places.map(({ component, version, fixedIn }) =>
        expectedFinding(id, rated, { component, version, fixedIn, description }),
      );

const metadataOf = (scanner: Scanner | undefined, { toolsAre }: Shape): object => {
  const { vendor, ...tool } = { vendor: undefined, ...scanner };
  const tools =
    toolsAre === 'list' ? [defined({ ...tool, vendor })] : { components: [defined({ ...tool, author: vendor })] };
  return { ...(scanner && { tools }), component: { type: 'container', name: 'nginx', version: 'sha256:1' } };
};

const withVulnerabilities: fc.Arbitrary<GeneratedReport> = fc
  .tuple(some(vulnerabilities(ratings)), shapes, fc.option(scanners, { nil: undefined }), layouts)
  .map(([all, shape, scanner, layout]) => {
    const places = toldPlaces(all, shape);
    const lists = places.flat().map((told) => LISTS[told.how](told));
    const findings = all.flatMap((one, index) => findingsOf(one, places[index] ?? []));
    return {
      format: 'cyclonedx-json',
      text: layout({
        bomFormat: 'CycloneDX',
        specVersion: shape.specVersion,
        metadata: metadataOf(scanner, shape),
        components: lists.flatMap(({ components = [] }) => components),
        services: lists.flatMap(({ services = [] }) => services),
        vulnerabilities: all.map((one, index) => writtenOf(one, places[index] ?? [], shape)),
      }),
      findings,
      cveCount: countOf(findings),
      artifact: 'nginx@sha256:1',
      ...(scanner && { scanner }),
    };
  });

/** Before 1.4 there were no vulnerabilities, and after they may be left out. */
const without: fc.Arbitrary<GeneratedReport> = fc
  .tuple(fc.constantFrom('1.2', '1.3', '1.4', '1.6'), layouts)
  .map(([specVersion, layout]) => ({
    format: 'cyclonedx-json',
    text: layout({ bomFormat: 'CycloneDX', specVersion, components: [{ type: 'library', name: 'openssl' }] }),
    findings: [],
    cveCount: countOf([]),
  }));

export const cyclonedxJsonReports: fc.Arbitrary<GeneratedReport> = fc.oneof(
  { weight: 9, arbitrary: withVulnerabilities },
  { weight: 1, arbitrary: without },
);
