/** Asks promtool what Prometheus would make of rules and expressions. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rule, RulesFile } from './monitoring-files.ts';
import { type Series, STEP } from './monitoring-series.ts';
import type { World } from './monitoring-worlds.ts';

/** What an expression, of which one number comes, shall be so many seconds after a world's beginning. */
export interface Expected {
  readonly expr: string;
  readonly second: number;
  readonly value: number;
}

interface Told {
  readonly code: number;
  readonly output: string;
}

const RULES = 'rules.json';

const testOf = (what: string, series: Series) => ({
  name: what,
  interval: `${STEP}s`,
  input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
});

/** Of every alert, whether it fires: whichever a world does not name must be silent. */
const alertTests = (alerts: readonly Rule[], { firing }: World) =>
  firing.flatMap(([second, ...expected]) =>
    alerts.map(({ alert, annotations }) => ({
      eval_time: `${second}s`,
      alertname: alert,
      exp_alerts: expected
        .filter((one) => one.alert === alert)
        .map(({ labels, summary }) => ({
          exp_labels: labels,
          exp_annotations: { summary, runbook: annotations?.runbook },
        })),
    })),
  );

const run = (promtool: string, args: readonly string[], cwd: string, input = ''): Promise<Told> =>
  new Promise((resolve) => {
    const child = execFile(promtool, args, { cwd }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` });
    });
    child.stdin?.end(input);
  });

export const promtoolIn = (promtool: string) => {
  const within = async (files: Readonly<Record<string, unknown>>, ...args: readonly string[]): Promise<Told> => {
    const folder = mkdtempSync(join(tmpdir(), 'scan-status-promtool-'));
    try {
      // JSON is YAML.
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
      return await run(promtool, args, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const test = (rules: RulesFile, ...tests: readonly object[]): Promise<Told> => {
    // Otherwise an alert sees what is recorded now or what was half a minute ago, as it happens.
    const order = rules.groups.map(({ name }) => name);
    const file = { rule_files: [RULES], evaluation_interval: '30s', group_eval_order: order, tests };
    return within({ [RULES]: rules, 'tests.json': file }, 'test', 'rules', 'tests.json');
  };
  return {
    /** Whether Prometheus would load them. */
    check: (rules: RulesFile): Promise<Told> => within({ [RULES]: rules }, 'check', 'rules', '--lint-fatal', RULES),
    /** Whether Prometheus could read a text of metrics, and would name them so. */
    checkMetrics: (text: string): Promise<Told> => run(promtool, ['check', 'metrics'], tmpdir(), text),
    /** Whether alerts fire in these worlds when they should, and only then. */
    firesIn: (rules: RulesFile, ...worlds: readonly World[]): Promise<Told> => {
      const alerts = rules.groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined);
      return test(
        rules,
        ...worlds.map((world) => ({
          ...testOf(world.what, world.series),
          alert_rule_test: alertTests(alerts, world),
        })),
      );
    },
    /** Whether expressions are what they should be where there are these series. */
    tells: (rules: RulesFile, series: Series, ...expected: readonly Expected[]): Promise<Told> =>
      test(rules, {
        ...testOf('expressions', series),
        promql_expr_test: expected.map(({ expr, second, value }) => ({
          expr,
          eval_time: `${second}s`,
          exp_samples: [{ labels: '{}', value }],
        })),
      }),
  };
};
