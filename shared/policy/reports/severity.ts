/** How bad a vulnerability is, in our five words, from any that scanners use. */
import { SEVERITIES } from '../../conditions/facts.ts';
import type { Rating, Severity } from './report.ts';

/** The words of scanners and distributions, in lower case; any other is UNKNOWN. */
const SEVERITY_OF_WORD: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'CRITICAL'],
  ['high', 'HIGH'],
  ['important', 'HIGH'], // Red Hat, SUSE, Amazon
  ['error', 'HIGH'], // SARIF's levels
  ['medium', 'MEDIUM'],
  ['moderate', 'MEDIUM'], // Red Hat, npm
  ['warning', 'MEDIUM'],
  ['low', 'LOW'],
  // Assessed, and found not to be higher.
  ['negligible', 'LOW'], // Ubuntu, Grype
  ['unimportant', 'LOW'], // Debian
  ['minor', 'LOW'],
  ['note', 'LOW'],
  ['none', 'LOW'], // CVSS 3 and CycloneDX
  ['info', 'LOW'], // CycloneDX, npm
  ['informational', 'LOW'],
]);

const LONGEST_WORD = 20;

/** The least score of each band. @see https://www.first.org/cvss/v3.1/specification-document#Qualitative-Severity-Rating-Scale */
const BANDS: readonly (readonly [number, Severity])[] = [
  [9, 'CRITICAL'],
  [7, 'HIGH'],
  [4, 'MEDIUM'],
  [0, 'LOW'],
];

const RANKS: ReadonlyMap<Severity, number> = new Map(SEVERITIES.map((severity, rank) => [severity, rank]));

/** Less for worse: 0 is CRITICAL, and UNKNOWN comes last. */
export const severityRank = (severity: Severity): number => RANKS.get(severity) ?? SEVERITIES.length;

const severityOfWord = (word: string): Severity =>
  word.length > LONGEST_WORD ? 'UNKNOWN' : (SEVERITY_OF_WORD.get(word.trim().toLowerCase()) ?? 'UNKNOWN');

const severityOfScore = (score: number): Severity => BANDS.find(([least]) => score >= least)?.[1] ?? 'UNKNOWN';

/** A score speaks where the word does not; beside a word for "unknown", 0 is what writers put in for want of a score. */
const severityOfRating = ({ severity: word, score }: Rating): Severity => {
  const severity = word === undefined ? 'UNKNOWN' : severityOfWord(word);
  if (severity !== 'UNKNOWN' || score === undefined) return severity;
  return word !== undefined && score === 0 ? 'UNKNOWN' : severityOfScore(score);
};

/** The worst of the ratings; UNKNOWN where there is none, or none that says anything. */
export const worstSeverity = (ratings: readonly Rating[]): Severity => {
  let worst: Severity = 'UNKNOWN';
  for (const rating of ratings) {
    const severity = severityOfRating(rating);
    if (severityRank(severity) < severityRank(worst)) worst = severity;
  }
  return worst;
};
