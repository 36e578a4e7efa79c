/** Generated SPDX in JSON with vulnerabilities. */
import fc from 'fast-check';
import {
  countOf,
  defined,
  expectedFinding,
  type GeneratedReport,
  type KnownRating,
  type KnownVulnerability,
  knownRatings,
  layouts,
  some,
  vulnerabilities,
} from './reports-parts.ts';

const SUBJECT = 'docker-image|nginx';

const ratings = knownRatings([
  ['Critical', 'CRITICAL'],
  ['high', 'HIGH'],
  ['Medium', 'MEDIUM'],
  ['low', 'LOW'],
  ['None', 'LOW'],
]);

/** One relationship for all, as snyk2spdx writes it, or one for each; scores as numbers or as texts. */
interface Shape {
  readonly isOne: boolean;
  readonly scoresAreTexts: boolean;
  /** Whether the path begins at what was scanned. */
  readonly fromSubject: boolean;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  isOne: fc.boolean(),
  scoresAreTexts: fc.boolean(),
  fromSubject: fc.boolean(),
});

const ratingOf = ({ rating: { severity, score } }: KnownRating, { scoresAreTexts }: Shape): object => {
  const base = scoresAreTexts ? String(score) : score;
  return defined({ method: 'CVSS_3', severity, score: score === undefined ? [] : [{ base: 0 }, { base }] });
};

/** The zero beside each score is there to be passed over; where there is no score there is none. */
const expectedRating = ({ rating, severity }: KnownRating): KnownRating => ({
  rating: { ...rating, method: 'CVSS_3' },
  severity,
});

const written = ({ id, ratings: rated, description, places }: KnownVulnerability, shape: Shape): object => {
  const elements = places.map(({ component, version }) =>
    version === undefined ? component : `${component}@${version}`,
  );
  const to = shape.fromSubject && elements.length > 0 ? [`${SUBJECT}@1.16`, ...elements] : elements;
  const rating = rated.map((one) => ratingOf(one, shape));
  const affect = { to, type: 'AFFECTS' };
  const ratedBy = { to: [''], type: 'RATED_BY', cwes: [190], rating };
  const foundBy = { to: [''], type: 'FOUND_BY' };
  return defined({
    id,
    name: id,
    summary: description,
    details: 'Much longer',
    relationships: shape.isOne ? [{ affect, foundBy, ratedBy }] : [{ foundBy }, { ratedBy }, { affect }],
  });
};

export const spdxJsonReports: fc.Arbitrary<GeneratedReport> = fc
  .tuple(some(vulnerabilities(ratings)), shapes, fc.boolean(), layouts)
  .map(([all, shape, isNamed, layout]) => {
    const findings = all.flatMap(({ id, ratings: rated, description = 'Much longer', places }) => {
      const told = rated.map(expectedRating);
      return places.length === 0
        ? [expectedFinding(id, told, { description })]
        : places.map(({ component, version }) => expectedFinding(id, told, { component, version, description }));
    });
    return {
      format: 'spdx-json',
      text: layout({
        id: `SPDXRef-${SUBJECT}`,
        ...(isNamed && { name: SUBJECT }),
        specVersion: 'SPDX-3.0',
        profile: ['base', 'vulnerabilities'],
        creator: 'Organization: Snyk Ltd',
        vulnerabilities: all.map((one) => written(one, shape)),
      }),
      findings,
      cveCount: countOf(findings),
      scanner: { vendor: 'Snyk Ltd' },
      artifact: SUBJECT,
    };
  });
