/**
 * What CycloneDX tells in JSON and in XML alike: a vulnerability affects components by their references.
 *
 * @see https://cyclonedx.org/docs/1.6/json/#vulnerabilities
 */
import { isJsonObject } from '../../conditions/status.ts';
import { findingIn, findingOf, type Told } from './findings.ts';
import type { Finding, Rating, Scanner } from './report.ts';
import { told } from './shape.ts';

const UPGRADE = 'Upgrade ';
const TO_VERSION = ' to version ';

export interface Component {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
}

/** Components by what a vulnerability may refer to them by. */
export type Components = ReadonlyMap<string, Component>;

/** A version, or a range of them, and whether the vulnerability is in it. */
interface AffectedVersion {
  readonly version: string | undefined;
  readonly status: string | undefined;
}

/** One thing that a vulnerability affects. */
export interface Target {
  readonly ref: string | undefined;
  readonly versions: readonly AffectedVersion[];
}

export interface ToldVulnerability {
  readonly id: string | undefined;
  readonly ratings: readonly Rating[];
  readonly description: string | undefined;
  readonly recommendation: string | undefined;
}

/** The name of a component with its group: `@babel/core`, `org.apache.logging.log4j/log4j-core`. */
export const componentName = (group: string | undefined, name: string | undefined): string | undefined =>
  group === undefined || name === undefined ? name : `${group}/${name}`;

const MOST_CLAUSES = 1_000;

/** The fixed versions by component, as Trivy words them: `Upgrade NAME to version VERSIONS`, several joined by `; `. */
const recommendedFixes = (recommendation = ''): ReadonlyMap<string, string> => {
  const fixes = new Map<string, string>();
  if (!recommendation.startsWith(UPGRADE)) return fixes;
  for (const clause of recommendation.split('; ', MOST_CLAUSES)) {
    const end = clause.indexOf(TO_VERSION);
    if (clause.startsWith(UPGRADE) && end > 0)
      fixes.set(clause.slice(UPGRADE.length, end), clause.slice(end + TO_VERSION.length));
  }
  return fixes;
};

/** A name with a group is known to Trivy as `GROUP/NAME`, `GROUP:NAME` or `NAME`, as the language has it. */
const fixOf = (name = '', fixes: ReadonlyMap<string, string>): string | undefined => {
  if (fixes.size === 0) return undefined;
  const end = name.lastIndexOf('/');
  const [group, bare] = [name.slice(0, end), name.slice(end + 1)];
  return fixes.get(name) ?? fixes.get(`${group}:${bare}`) ?? fixes.get(bare);
};

const versionsOf = (versions: readonly AffectedVersion[], isAffected: boolean): string | undefined => {
  const some = versions.flatMap(({ version, status }) =>
    version !== undefined && (status !== 'unaffected') === isAffected ? [version] : [],
  );
  return some.length === 0 ? undefined : some.join(', ');
};

/**
 * A finding for each thing that the vulnerability affects: a component, or where the reference leads to none, the
 * reference itself. One that affects nothing that is named is a finding in `component`, or in none.
 */
export const findingsIn = (
  { recommendation, ...is }: ToldVulnerability,
  targets: readonly Target[],
  components: Components,
  component: Component = {},
): readonly Finding[] => {
  const finding = findingOf(is);
  const fixes = recommendedFixes(recommendation);
  const inside = ({ name, version }: Component, versions: Target['versions']): Finding =>
    findingIn(finding, {
      component: name,
      version: version ?? versionsOf(versions, true),
      fixedIn: versionsOf(versions, false) ?? fixOf(name, fixes),
    });
  if (targets.length === 0) return [inside(component, [])];
  return targets.map(({ ref, versions }) =>
    inside((ref === undefined ? component : components.get(ref)) ?? { name: ref }, versions),
  );
};

/** What was scanned, with its version or digest where the name does not end in it already. */
export const artifactName = ({ name, version }: Component): string | undefined =>
  name === undefined || version === undefined || name.endsWith(version) ? name : `${name}@${version}`;

/** The tool that wrote the report; its maker goes by another name in each version. */
export const scannerOf = (tool: unknown): Told<Scanner> => ({
  name: told(tool, 'name'),
  vendor: isJsonObject(tool)
    ? (told(tool, 'vendor') ??
      told(tool, 'author') ??
      told(tool['manufacturer'], 'name') ??
      told(tool['supplier'], 'name') ??
      told(tool, 'publisher') ??
      told(tool, 'group'))
    : undefined,
  version: told(tool, 'version'),
});
