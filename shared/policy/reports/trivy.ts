/**
 * Trivy's own JSON. Trivy leaves out lists that are empty, so a report without `Results` is a clean one.
 *
 * @see https://trivy.dev/latest/docs/configuration/reporting/#json (aquasecurity/trivy: pkg/types/report.go)
 */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { canariesOf, type Planted } from './canary.ts';
import { findingIn, findingOf, ratingOf, reportOf, type Told } from './findings.ts';
import type { Finding, Rating, ReportReader } from './report.ts';
import { at, eachIn, numberIn, objectIn, textIn, told, WrongShape } from './shape.ts';

const SCHEMA_VERSION = 2;

const cvssOf = (cvss: JsonObject): Told<Rating> => {
  const score = numberIn(cvss, 'V3Score');
  if (score !== undefined) return { score, method: 'CVSSv3', vector: textIn(cvss, 'V3Vector') };
  return { score: numberIn(cvss, 'V2Score'), method: 'CVSSv2', vector: textIn(cvss, 'V2Vector') };
};

/**
 * Trivy has chosen between the sources already, and counts by what it chose: the other sources' scores are no ratings
 * beside it.
 */
const ratingIn = (vulnerability: JsonObject): Rating => {
  const severity = textIn(vulnerability, 'Severity');
  const source = textIn(vulnerability, 'SeveritySource');
  const cvss = objectIn(vulnerability, 'CVSS');
  const scored = source !== undefined && cvss !== undefined && Object.hasOwn(cvss, source);
  const chosen = scored ? at('CVSS', () => objectIn(cvss, source)) : undefined;
  return ratingOf({ severity, source, ...(chosen && at('CVSS', () => cvssOf(chosen))) });
};

const readVulnerability = (vulnerability: JsonObject): Finding => {
  const finding = findingOf({
    id: textIn(vulnerability, 'VulnerabilityID'),
    ratings: [ratingIn(vulnerability)],
    description: textIn(vulnerability, 'Title') ?? textIn(vulnerability, 'Description'),
  });
  return findingIn(finding, {
    component: textIn(vulnerability, 'PkgName'),
    version: textIn(vulnerability, 'InstalledVersion'),
    fixedIn: textIn(vulnerability, 'FixedVersion'),
  });
};

const read: ReportReader['read'] = (document) => {
  if (!isJsonObject(document)) throw new WrongShape('root', 'must be an object');
  const results = eachIn(document, 'Results', (result) => eachIn(result, 'Vulnerabilities', readVulnerability) ?? []);
  const { SchemaVersion: version } = document;
  // Where there is no list either, nothing else says that this is Trivy's.
  if (version !== SCHEMA_VERSION && (version !== undefined || results === undefined))
    throw new WrongShape('SchemaVersion', `must be ${SCHEMA_VERSION}`);
  return reportOf('trivy', (results ?? []).flat(), {
    scanner: { name: 'Trivy', vendor: 'Aqua Security', version: told(document['Trivy'], 'Version') },
    artifact: told(document, 'ArtifactName'),
  });
};

const canary = (vulnerabilities: readonly Planted[]): string =>
  JSON.stringify({
    SchemaVersion: SCHEMA_VERSION,
    ArtifactName: 'canary',
    ArtifactType: 'container_image',
    Results: [
      {
        Target: 'canary',
        Class: 'os-pkgs',
        Type: 'debian',
        Vulnerabilities: vulnerabilities.map(({ id, word, score, component, version, fixedIn }) => ({
          VulnerabilityID: id,
          PkgName: component,
          InstalledVersion: version,
          FixedVersion: fixedIn,
          Status: 'fixed',
          Severity: word,
          ...(score > 0 && { SeveritySource: 'nvd', CVSS: { nvd: { V3Score: score } } }),
        })),
      },
    ],
  });

/** Reads Trivy's JSON. */
export const trivy: ReportReader = {
  format: 'trivy',
  recognises: (document) => isJsonObject(document) && ('SchemaVersion' in document || 'Results' in document),
  read,
  canaries: canariesOf(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'], canary),
};
