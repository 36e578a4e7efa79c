/**
 * SARIF 2.1.0: a result is a finding, and its rule tells how bad it is.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
 */
import { SEVERITIES } from '../../conditions/facts.ts';
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { canariesOf, type Planted } from './canary.ts';
import { findingIn, findingOf, ratingOf, reportOf } from './findings.ts';
import type { Finding, Rating, ReportReader } from './report.ts';
import { type LinedFacts, linedFacts } from './sarif-message.ts';
import { type RuleOf, ruleIdOf, rulesIn } from './sarif-rules.ts';
import { at, eachIn, numberIn, objectIn, textIn, told, WrongShape } from './shape.ts';

/** What the analysis did not find a problem in (3.27.9), or no longer finds (3.27.24). Suppressed results stay. */
const NO_PROBLEM = new Set<unknown>(['pass', 'notApplicable', 'informational']);
const isProblem = ({ kind, baselineState }: JsonObject): boolean => !NO_PROBLEM.has(kind) && baselineState !== 'absent';

const NOTHING: JsonObject = {};

/** A rule's tags are looked through for each of its results. */
const MOST_TAGS = 20;

/** Trivy tags its rules with the severity. */
const severityTag = ({ tags }: JsonObject): string | undefined =>
  Array.isArray(tags) ? SEVERITIES.find((severity) => tags.slice(0, MOST_TAGS).includes(severity)) : undefined;

/** SARIF's own level speaks where nothing else does; its default is a warning (3.27.10). */
const levelOf = (result: JsonObject, rule: JsonObject): string =>
  textIn(result, 'level') ?? told(rule['defaultConfiguration'], 'level') ?? 'warning';

const ratingIn = (result: JsonObject, rule: JsonObject, facts: LinedFacts): Rating => {
  const own = objectIn(result, 'properties') ?? NOTHING;
  const general = objectIn(rule, 'properties') ?? NOTHING;
  const score = numberIn(own, 'security-severity') ?? numberIn(general, 'security-severity');
  const severity = facts.severity ?? severityTag(own) ?? severityTag(general);
  if (severity === undefined && score === undefined) return { severity: levelOf(result, rule) };
  return ratingOf({ severity, score });
};

const LONGEST_RULE_ID = 1_000;

/** Grype's rules are of an ID and a package; the ID is believed where the rule's has it inside. */
const idOf = (ruleId: string | undefined, { id }: LinedFacts): string | undefined => {
  if (ruleId === undefined || id === undefined) return ruleId ?? id;
  return ruleId.length <= LONGEST_RULE_ID && ruleId.includes(id) ? id : ruleId;
};

const readResult = (result: JsonObject, ruleOf: RuleOf): Finding => {
  const rule = ruleOf(result) ?? NOTHING;
  const message = told(result['message'], 'text');
  const facts = { ...linedFacts(told(rule['help'], 'text')), ...linedFacts(message) };
  const finding = findingOf({
    id: idOf(ruleIdOf(result) ?? told(rule, 'id'), facts),
    ratings: [ratingIn(result, rule, facts)],
    description: told(rule['shortDescription'], 'text') ?? message,
  });
  return findingIn(finding, facts);
};

const readRun = (run: JsonObject): readonly Finding[] => {
  const tool = objectIn(run, 'tool');
  if (tool === undefined) throw new WrongShape('tool', 'is missing');
  const ruleOf = at('tool', () => rulesIn(tool));
  const findings = eachIn(run, 'results', (result) => (isProblem(result) ? [readResult(result, ruleOf)] : []));
  // A run that found nothing has an empty list; one without a list did not get that far (3.14.23).
  if (findings === undefined) throw new WrongShape('results', 'must be a list');
  return findings.flat();
};

const read: ReportReader['read'] = (document) => {
  if (!isJsonObject(document)) throw new WrongShape('root', 'must be an object');
  if (document['version'] !== '2.1.0') throw new WrongShape('version', 'must be 2.1.0');
  const runs = eachIn(document, 'runs', (run) => ({ run, findings: readRun(run) })) ?? [];
  const [first] = runs;
  if (first === undefined) throw new WrongShape('runs', 'must hold one at least');
  const { tool, properties } = first.run;
  const driver = isJsonObject(tool) ? tool['driver'] : undefined;
  return reportOf(
    'sarif',
    runs.flatMap(({ findings }) => findings),
    {
      scanner: {
        name: told(driver, 'name'),
        vendor: told(driver, 'organization'),
        version: told(driver, 'version') ?? told(driver, 'semanticVersion'),
      },
      artifact: told(properties, 'imageName'),
    },
  );
};

const LEVELS: ReadonlyMap<string, string> = new Map([
  ['CRITICAL', 'error'],
  ['HIGH', 'error'],
  ['MEDIUM', 'warning'],
]);

/** As Trivy writes it. */
const canary = (vulnerabilities: readonly Planted[]): string =>
  JSON.stringify({
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Trivy',
            rules: vulnerabilities.map(({ id, word, score }) => ({
              id,
              defaultConfiguration: { level: LEVELS.get(word) ?? 'note' },
              properties: {
                tags: ['vulnerability', 'security', word],
                precision: 'very-high',
                'security-severity': score.toFixed(1),
              },
            })),
          },
        },
        results: vulnerabilities.map(({ id, word, component, version, fixedIn }, ruleIndex) => ({
          ruleId: id,
          ruleIndex,
          level: LEVELS.get(word) ?? 'note',
          message: {
            text:
              `Package: ${component}\nInstalled Version: ${version}\nVulnerability ${id}\n` +
              `Severity: ${word}\nFixed Version: ${fixedIn}\nLink: [${id}]()`,
          },
        })),
      },
    ],
  });

/** Reads SARIF. */
export const sarif: ReportReader = {
  format: 'sarif',
  recognises: (document) => isJsonObject(document) && 'runs' in document,
  read,
  canaries: canariesOf(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'], canary),
};
