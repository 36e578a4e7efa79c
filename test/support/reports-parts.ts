/**
 * What generated reports are made of: ratings, names and versions, and what a reader must make of them.
 *
 * What is expected is worked out here anew, with nothing of the readers: words are paired with their severity by hand.
 */
import fc from 'fast-check';
import type { ReportFormat } from '../../shared/events/report-ready.ts';
import type { CveCount, Finding, Rating, Scanner, Severity } from '../../shared/policy/reports/report.ts';

/** A report as text, and what is in it. */
export interface GeneratedReport {
  readonly format: ReportFormat;
  readonly text: string;
  /** As `parseReport` must tell them, in their order. */
  readonly findings: readonly Finding[];
  readonly cveCount: CveCount;
  readonly scanner?: Scanner;
  readonly artifact?: string;
  readonly violations?: readonly string[];
}

/** A rating as a reader tells it, and the severity that it amounts to. */
export interface KnownRating {
  readonly rating: Rating;
  readonly severity: Severity;
}

const FROM_WORST: readonly Severity[] = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'];

export const worstOf = (severities: readonly Severity[]): Severity =>
  FROM_WORST.find((severity) => severities.includes(severity)) ?? 'UNKNOWN';

export const countOf = (findings: readonly Finding[]): CveCount => {
  const count = (wanted: Severity): number => findings.filter(({ severity }) => severity === wanted).length;
  return {
    CRITICAL: count('CRITICAL'),
    HIGH: count('HIGH'),
    MEDIUM: count('MEDIUM'),
    LOW: count('LOW'),
    UNKNOWN: count('UNKNOWN'),
    CVETOTAL: findings.length,
  };
};

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Without the fields that are undefined. */
export const defined = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/** The finding that a reader must make: one without an ID is called UNKNOWN. */
export const expectedFinding = (
  id: string | undefined,
  ratings: readonly KnownRating[],
  rest: Optional<Pick<Finding, 'component' | 'version' | 'fixedIn' | 'description'>>,
): Finding => ({
  id: id ?? 'UNKNOWN',
  severity: worstOf(ratings.map(({ severity }) => severity)),
  ratings: ratings.map(({ rating }) => rating),
  ...defined(rest),
});

/** Printable ASCII without blanks around it: what every format can carry, with what XML and YAML must escape. */
const words = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 }).map((text) => `${text.trim()}.`);

/** IDs that repeat often, and odd ones. */
export const ids: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('CVE-2026-1', 'CVE-2026-2', 'CVE-2025-9', 'GHSA-xxxx-yyyy-zzzz') },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', '<id>&"\'', 'CVE-ü-🦀', ']]>') },
  { weight: 1, arbitrary: words },
);

const names: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('openssl', 'libc6', 'apt/libapt-pkg5.0', 'k8s.io/klog/v2', '__proto__', 'toString', 'a<b>&c'),
  words.map((name) => name.replaceAll(/[@;]/g, '').trim()),
);

const versions: fc.Arbitrary<string> = fc.constantFrom(
  '1.0',
  '1.1.1-1ubuntu2.1~18.04.13',
  '1:1.2.11.dfsg-0ubuntu2',
  'v0.0.0-20211123203042-d83791d6bcd9',
  '1.10',
);

export const descriptions: fc.Arbitrary<string> = fc.oneof(
  fc.constant('A flaw was found in "it" & <fixed>.\nSecond line: é 🦀'),
  words,
);

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** A place of a vulnerability. */
export interface Place {
  readonly component: string;
  readonly version: string | undefined;
  readonly fixedIn: string | undefined;
}

export const places: fc.Arbitrary<Place> = fc.record({
  component: names,
  version: optional(versions),
  fixedIn: optional(fc.constantFrom('1.0.1', '2.0, 1.9.9')),
});

/** Scores about the edges of the bands. */
export const SCORES: readonly (readonly [number, Severity])[] = [
  [10, 'CRITICAL'],
  [9, 'CRITICAL'],
  [8.9, 'HIGH'],
  [7, 'HIGH'],
  [6.9, 'MEDIUM'],
  [4, 'MEDIUM'],
  [3.9, 'LOW'],
  [0.1, 'LOW'],
];

/** What no scanner means a severity by, and what they say where they know none. */
const UNKNOWN_WORDS = [
  'Unknown',
  'unassigned',
  'UnknownSeverity',
  'weird',
  '__proto__',
  'a very long word for a severity',
];

type KnownWord = readonly [word: string, severity: Severity];

const scores = fc.constantFrom(...SCORES);

/** A severity as a word, a score, both, or neither; of both the word decides, unless it is none that is known. */
export const knownRatings = (known: readonly KnownWord[]): fc.Arbitrary<KnownRating> => {
  const word = fc.constantFrom(...known);
  const unknown = fc.constantFrom(...UNKNOWN_WORDS);
  return fc.oneof(
    { weight: 6, arbitrary: word.map(([severity, is]) => ({ rating: { severity }, severity: is })) },
    fc.tuple(word, scores).map(([[severity, is], [score]]) => ({ rating: { severity, score }, severity: is })),
    fc.tuple(unknown, scores).map(([severity, [score, is]]) => ({ rating: { severity, score }, severity: is })),
    unknown.map((severity) => ({ rating: { severity }, severity: 'UNKNOWN' as const })),
    unknown.map((severity) => ({ rating: { severity, score: 0 }, severity: 'UNKNOWN' as const })),
    scores.map(([score, is]) => ({ rating: { score }, severity: is })),
    fc.constant({ rating: { score: 0 }, severity: 'LOW' as const }),
    fc.constant({ rating: {}, severity: 'UNKNOWN' as const }),
  );
};

/** With a method, a vector and a source, or without. */
export const detailed = (ratings: fc.Arbitrary<KnownRating>): fc.Arbitrary<KnownRating> =>
  fc
    .tuple(
      ratings,
      fc.record(
        {
          method: fc.constant('CVSSv31'),
          vector: fc.constant('CVSS:3.1/AV:N'),
          source: fc.constantFrom('nvd', 'ghsa'),
        },
        { requiredKeys: [] },
      ),
    )
    .map(([{ rating, severity }, details]) => ({ rating: { ...rating, ...details }, severity }));

/** A vulnerability that a report may tell. */
export interface KnownVulnerability {
  readonly id: string | undefined;
  readonly ratings: readonly KnownRating[];
  readonly description: string | undefined;
  readonly places: readonly Place[];
}

/** Vulnerabilities of several places and ratings, of none, and without an ID. */
export const vulnerabilities = (ratings: fc.Arbitrary<KnownRating>): fc.Arbitrary<KnownVulnerability> =>
  fc.record({
    id: fc.option(ids, { nil: undefined, freq: 8 }),
    ratings: fc.array(ratings, { maxLength: 3 }),
    description: optional(descriptions),
    places: fc.array(places, { maxLength: 3 }),
  });

/** None, one or several: in XML one is told in another shape than several. */
export const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constant<T[]>([]) },
    { weight: 3, arbitrary: fc.tuple(arbitrary).map((one): T[] => one) },
    { weight: 4, arbitrary: fc.array(arbitrary, { maxLength: 6 }) },
  );

export const scanners: fc.Arbitrary<Scanner> = fc.record(
  { name: fc.constantFrom('grype', 'trivy'), vendor: fc.constantFrom('anchore', 'Aqua & Co'), version: versions },
  { requiredKeys: ['name'] },
);

/** JSON as a program writes it, or with blanks and line feeds as a person would. */
export const layouts: fc.Arbitrary<(value: unknown) => string> = fc.constantFrom(
  (value) => JSON.stringify(value),
  (value) => `\ufeff${JSON.stringify(value, null, 2)}\n`,
);
