/** Generated reports of Trivy. */
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

/** Trivy gives each vulnerability one severity, and with it the score of the source that it chose. */
const ratings: fc.Arbitrary<KnownRating> = fc
  .tuple(
    fc.constantFrom('CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'),
    fc.option(
      fc.record({
        source: fc.constantFrom('nvd', 'debian', '__proto__'),
        score: fc.option(fc.constantFrom(...SCORES), { nil: undefined }),
        method: fc.constantFrom('CVSSv3', 'CVSSv2'),
      }),
      { nil: undefined },
    ),
  )
  .map(([severity, chosen]) => {
    if (chosen === undefined) return { rating: { severity }, severity };
    const { source, score, method } = chosen;
    const [value, band] = score ?? [undefined, 'UNKNOWN' as const];
    const scored = value === undefined ? {} : { score: value, method, vector: 'AV:N' };
    return { rating: { severity, source, ...scored }, severity: severity === 'UNKNOWN' ? band : severity };
  });

const found = fc.record({
  id: fc.option(ids, { nil: undefined, freq: 8 }),
  rating: ratings,
  description: fc.option(descriptions, { nil: undefined }),
  place: places,
  titled: fc.boolean(),
});

type Found = typeof found extends fc.Arbitrary<infer T> ? T : never;

/** Members of any name, `__proto__` too. */
const members = (entries: readonly (readonly [string, unknown])[]): object => Object.fromEntries(entries);

const written = ({ id, rating: { rating }, description, place, titled }: Found): object => {
  const isV3 = rating.method === 'CVSSv3';
  const scored = isV3
    ? { V2Score: 10, V3Score: rating.score, V3Vector: rating.vector }
    : { V2Score: rating.score, V2Vector: rating.vector };
  const chosen: [string, unknown][] = rating.score === undefined ? [] : [[String(rating.source), scored]];
  return defined({
    VulnerabilityID: id,
    PkgName: place.component,
    InstalledVersion: place.version ?? '',
    FixedVersion: place.fixedIn,
    Severity: rating.severity,
    SeveritySource: rating.source,
    // What other sources say is not what Trivy chose.
    CVSS: members([['redhat', { V3Score: 10 }], ...chosen]),
    ...(titled ? { Title: description, Description: 'Much longer' } : { Description: description }),
  });
};

const results = fc.tuple(fc.constantFrom('list', 'null', 'absent'), some(found)).map(([empty, all]) => {
  const list = empty === 'null' ? { Vulnerabilities: null } : {};
  return {
    all,
    text: {
      Target: 'nginx (debian 10)',
      Class: 'os-pkgs',
      ...(all.length > 0 || empty === 'list' ? { Vulnerabilities: all.map(written) } : list),
    },
  };
});

export const trivyReports: fc.Arbitrary<GeneratedReport> = fc
  .tuple(some(results), fc.constantFrom('list', 'null', 'absent'), fc.boolean(), layouts)
  .map(([all, empty, isNew, layout]) => {
    const findings = all.flatMap(({ all: told }) =>
      told.map(({ id, rating, description, place, titled }) =>
        expectedFinding(id, [rating], { ...place, description: description ?? (titled ? 'Much longer' : undefined) }),
      ),
    );
    const list = empty === 'null' ? { Results: null } : {};
    return {
      format: 'trivy',
      text: layout({
        SchemaVersion: 2,
        ...(isNew && { Trivy: { Version: '0.69.0' } }),
        ArtifactName: 'nginx:1.16',
        ArtifactType: 'container_image',
        ...(all.length > 0 || empty === 'list' ? { Results: all.map(({ text }) => text) } : list),
      }),
      findings,
      cveCount: countOf(findings),
      scanner: { name: 'Trivy', vendor: 'Aqua Security', ...(isNew && { version: '0.69.0' }) },
      artifact: 'nginx:1.16',
    };
  });
