/** Generated SARIF: as Trivy writes it, as Grype does, and as any other tool might. */
import fc from 'fast-check';
import type { Finding, Severity } from '../../shared/policy/reports/report.ts';
import {
  countOf,
  defined,
  expectedFinding,
  type GeneratedReport,
  ids,
  type KnownRating,
  layouts,
  type Place,
  places,
  SCORES,
  some,
} from './reports-parts.ts';

interface Run {
  readonly run: object;
  readonly findings: readonly Finding[];
}

const text = (content: string) => ({ text: content });
const place = places.map((where): Place => ({ ...where, fixedIn: where.fixedIn ?? undefined }));

/** Trivy's score of a rule, which is of the first result that has it. */
const trivyRun: fc.Arbitrary<Run> = some(
  fc.record({ id: ids, place, severity: fc.constantFrom<Severity>('CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN') }),
).map((all) => {
  const rules = new Map(all.toReversed().map(({ id, severity }) => [id, severity]));
  const order = [...rules.keys()];
  const results = all.map(({ id, place: { component, version, fixedIn }, severity }) => ({
    ruleId: id,
    ruleIndex: order.indexOf(id),
    level: 'note',
    message: text(
      `Package: ${component}\nInstalled Version: ${version ?? ''}\nVulnerability ${id}\nSeverity: ${severity}\n` +
        `Fixed Version: ${fixedIn ?? ''}\nLink: [${id}](https://avd.aquasec.com)`,
    ),
  }));
  const driver = {
    name: 'Trivy',
    fullName: 'Trivy Vulnerability Scanner',
    version: '0.50.0',
    rules: order.map((id) => ({
      id,
      shortDescription: text(`About ${id}`),
      help: text(`Vulnerability ${id}\nSeverity: LOW\nPackage: another\nFixed Version: 99`),
      properties: { tags: ['vulnerability', 'security', rules.get(id)], 'security-severity': '0.0' },
    })),
  };
  const findings = all.map(({ id, place: where, severity }) =>
    expectedFinding(id, [{ rating: { severity, score: 0 }, severity }], {
      component: where.component,
      version: where.version,
      fixedIn: where.fixedIn ?? '99',
      description: `About ${id}`,
    }),
  );
  return { run: { tool: { driver }, results, properties: { imageName: 'nginx:1.16' } }, findings };
});

const GRYPE_WORDS: readonly (readonly [string, Severity])[] = [
  ['critical', 'CRITICAL'],
  ['high', 'HIGH'],
  ['medium', 'MEDIUM'],
  ['low', 'LOW'],
  ['negligible', 'LOW'],
  ['unknown', 'UNKNOWN'],
];

/** Grype's rules are of an ID and a package, and old versions wrote index 0 into all results. */
const grypeRun: fc.Arbitrary<Run> = fc
  .tuple(
    fc.uniqueArray(fc.record({ id: ids, place, word: fc.constantFrom(...GRYPE_WORDS) }), {
      selector: ({ id, place: { component } }) => `${id}-${component}`,
      maxLength: 5,
    }),
    fc.boolean(),
  )
  .map(([all, isOld]) => {
    const ruleId = (id: string, component: string): string => `${isOld ? 'ANCHOREVULN_nginx_' : ''}${id}-${component}`;
    const driver = {
      name: 'grype',
      organization: 'Anchore',
      semanticVersion: '0.33.0',
      rules: all.map(({ id, place: { component, version, fixedIn }, word: [word] }) => ({
        id: ruleId(id, component),
        shortDescription: text(`${id} ${word} vulnerability for ${component} package`),
        help: text(
          `Vulnerability ${id}\nSeverity: ${word}\nPackage: ${component}\nVersion: ${version ?? ''}\n` +
            `Fix Version: ${fixedIn ?? ''}\nType: deb\nLocation: /x\nData Namespace: unknown\nLink: ${id}`,
        ),
      })),
    };
    const results = all.map(({ id, place: { component } }) => ({
      ruleId: ruleId(id, component),
      ...(isOld && { ruleIndex: 0, suppressions: [{ kind: 'external' }], baselineState: 'unchanged' }),
      message: text('The path /x reports it, which is a vulnerable (deb) package'),
    }));
    const findings = all.map(({ id, place: where, word: [word, severity] }) =>
      expectedFinding(id, [{ rating: { severity: word }, severity }], {
        ...where,
        description: `${id} ${word} vulnerability for ${where.component} package`,
      }),
    );
    return { run: { tool: { driver }, results }, findings };
  });

const LEVELS: readonly (readonly [string, Severity])[] = [
  ['error', 'HIGH'],
  ['warning', 'MEDIUM'],
  ['note', 'LOW'],
  ['none', 'LOW'],
];

/** A score of the result, else of its rule; else a level of the result, of its rule, or the default. */
const rating: fc.Arbitrary<KnownRating & { readonly result: object; readonly rule: object }> = fc.oneof(
  fc.constantFrom(...SCORES).map(([score, severity]) => ({
    rating: { score },
    severity,
    result: { level: 'none', properties: { 'security-severity': String(score) } },
    rule: { properties: { 'security-severity': '0.1' } },
  })),
  fc.constantFrom(...SCORES).map(([score, severity]) => ({
    rating: { score },
    severity,
    result: { level: 'none' },
    rule: { properties: { 'security-severity': score, tags: ['security'] } },
  })),
  fc.constantFrom(...LEVELS).map(([level, severity]) => ({
    rating: { severity: level },
    severity,
    result: { level },
    rule: { defaultConfiguration: { level: 'error' } },
  })),
  fc.constantFrom(...LEVELS).map(([level, severity]) => ({
    rating: { severity: level },
    severity,
    result: {},
    rule: { defaultConfiguration: { level } },
  })),
  fc.constant({ rating: { severity: 'warning' }, severity: 'MEDIUM' as const, result: {}, rule: {} }),
);

type RuleName = 'ruleId' | 'index' | 'rule.id' | 'rule.index' | 'extension';

/** How a result names the rule at an index. */
const NAMED: Readonly<Record<RuleName, (id: string, index: number) => object>> = {
  ruleId: (id) => ({ ruleId: id }),
  index: (_, index) => ({ ruleIndex: index }),
  'rule.id': (id) => ({ rule: { id } }),
  'rule.index': (_, index) => ({ rule: { index } }),
  extension: (id, index) => ({ ruleId: id, rule: { index, toolComponent: { index: 0 } } }),
};

/** Results that are none: what passed, and what was there before. */
const NO_PROBLEMS = [
  { ruleId: 'passed', kind: 'pass', message: text('fine') },
  { ruleId: 'gone', baselineState: 'absent', message: text('gone') },
];

const otherRun: fc.Arbitrary<Run> = fc
  .tuple(
    fc.uniqueArray(fc.record({ id: ids, rating }), { selector: ({ id }) => id, maxLength: 5 }),
    fc.constantFrom<RuleName>('ruleId', 'index', 'rule.id', 'rule.index', 'extension'),
  )
  .map(([all, named]) => {
    const rules = all.map(({ id, rating: { rule } }) => ({ id, ...rule }));
    const isExtension = named === 'extension';
    const tool = {
      driver: { name: 'other', ...(!isExtension && { rules }) },
      ...(isExtension && { extensions: [{ name: 'more', rules }] }),
    };
    const results = all.map(({ id, rating: { result } }, index) => ({
      ...NAMED[named](id, index),
      ...result,
      message: text('A finding'),
    }));
    const findings = all.map(({ id, rating: { rating: told, severity } }) =>
      expectedFinding(id, [{ rating: told, severity }], { description: 'A finding' }),
    );
    return { run: { tool, results: [...results, ...NO_PROBLEMS] }, findings };
  });

export const sarifReports: fc.Arbitrary<GeneratedReport> = fc
  .tuple(fc.oneof(trivyRun, grypeRun, otherRun), fc.option(otherRun, { nil: undefined }), layouts)
  .map(([first, second, layout]) => {
    const runs = second === undefined ? [first] : [first, second];
    const findings = runs.flatMap((run) => run.findings);
    const { tool, properties } = first.run as {
      readonly tool: {
        readonly driver: { name: string; organization?: string; version?: string; semanticVersion?: string };
      };
      readonly properties?: { readonly imageName: string };
    };
    const { name, organization, version, semanticVersion } = tool.driver;
    return {
      format: 'sarif',
      text: layout({
        $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
        version: '2.1.0',
        runs: runs.map(({ run }) => run),
      }),
      findings,
      cveCount: countOf(findings),
      scanner: { name, ...defined({ vendor: organization, version: version ?? semanticVersion }) },
      ...(properties && { artifact: properties.imageName }),
    };
  });
