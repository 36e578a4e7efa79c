/** Generated reports of Grype. */
import fc from 'fast-check';
import {
  countOf,
  defined,
  descriptions,
  expectedFinding,
  type GeneratedReport,
  ids,
  type KnownRating,
  layouts,
  places,
  SCORES,
  some,
} from './reports-parts.ts';

const words = fc.constantFrom(
  ['Critical', 'CRITICAL'] as const,
  ['High', 'HIGH'] as const,
  ['Medium', 'MEDIUM'] as const,
  ['Low', 'LOW'] as const,
  ['Negligible', 'LOW'] as const,
  ['Unknown', 'UNKNOWN'] as const,
);

/** One severity, and scores, of which the greatest goes with it. */
const ratings: fc.Arbitrary<KnownRating & { readonly lesser: boolean }> = fc
  .tuple(words, fc.option(fc.constantFrom(...SCORES), { nil: undefined }), fc.boolean())
  .map(([[word, severity], score, lesser]) => {
    if (score === undefined) return { rating: { severity: word }, severity, lesser };
    const rating = { severity: word, score: score[0], method: 'CVSSv3.1', vector: 'AV:N', source: 'nvd@nist.gov' };
    return { rating, severity: severity === 'UNKNOWN' ? score[1] : severity, lesser };
  });

const matches = fc.record({
  id: fc.option(ids, { nil: undefined, freq: 8 }),
  rating: ratings,
  description: fc.option(descriptions, { nil: undefined }),
  place: places,
});

type Match = typeof matches extends fc.Arbitrary<infer T> ? T : never;

const written = ({ id, rating: { rating, lesser }, description, place }: Match): object => {
  const { score, vector, source } = rating;
  const greatest = { source, type: 'Primary', version: '3.1', vector, metrics: { baseScore: score } };
  const less = { source: 'other', type: 'Secondary', version: '2.0', metrics: { baseScore: 0.05 } };
  const cvss = score === undefined ? [] : [...(lesser ? [less] : []), greatest];
  const { component: name, version, fixedIn } = place;
  return {
    vulnerability: defined({
      id,
      severity: rating.severity,
      description,
      cvss,
      fix: { versions: fixedIn?.split(', ') ?? [], state: fixedIn === undefined ? 'not-fixed' : 'fixed' },
    }),
    relatedVulnerabilities: [{ id: 'CVE-RELATED', severity: 'Critical' }],
    matchDetails: [],
    artifact: defined({ name, version, type: 'deb' }),
  };
};

const sources = fc.constantFrom(
  [{ type: 'image', target: { userInput: 'nginx:1.16', imageID: 'sha256:1' } }, 'nginx:1.16'] as const,
  [{ type: 'directory', target: '/src' }, '/src'] as const,
  [{ type: 'unknown', target: null }, undefined] as const,
);

export const grypeReports: fc.Arbitrary<GeneratedReport> = fc
  .tuple(some(matches), sources, layouts)
  .map(([all, [source, artifact], layout]) => {
    const findings = all.map(({ id, rating: { rating, severity }, description, place }) =>
      expectedFinding(id, [{ rating, severity }], { ...place, description }),
    );
    return {
      format: 'grype',
      text: layout({
        matches: all.map(written),
        ignoredMatches: [],
        source,
        distro: { name: 'debian', version: '10' },
        descriptor: { name: 'grype', version: '0.80.0', db: {} },
      }),
      findings,
      cveCount: countOf(findings),
      scanner: { name: 'grype', vendor: 'Anchore', version: '0.80.0' },
      ...(artifact !== undefined && { artifact }),
    };
  });
