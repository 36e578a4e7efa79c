/** What the functions count, the rules and the dashboard's expressions, as Prometheus itself reads and reckons them. */
import { describe, expect, it, jest } from '@jest/globals';
import { POLICY_EVALUATED, REPORT_READY } from '../../shared/events/types.ts';
import { startMetrics } from '../../shared/runtime/metrics.ts';
import { debianTool } from '../support/debian-tools.ts';
import { dashboard, type Rule, type RulesFile, rules, rulesFile } from '../support/monitoring-files.ts';
import { metricsIn } from '../support/monitoring-promql.ts';
import { promtoolIn } from '../support/monitoring-promtool.ts';
import {
  created,
  durations,
  pods,
  type Series,
  scan,
  scanCondition,
  stayingPod,
  vulnerabilities,
} from '../support/monitoring-series.ts';
import { WORLDS } from '../support/monitoring-worlds.ts';

// The machine may be busy.
jest.setTimeout(60_000);

const GOOD = rulesFile();
const alerts = rules().filter(({ alert }) => alert !== undefined);
const records = rules().filter(({ record }) => record !== undefined);
/** The metric that a record is reckoned from. */
const metricOf = (record: string): string =>
  String(rules().flatMap((rule) => (rule.record === record ? metricsIn(rule.expr) : []))[0]);

/** For each record labels that what it is reckoned from has. */
const COUNTED: readonly (readonly [record: string, labels: string])[] = [
  ['scan_status:events:increase10m', 'type="dev.scanstatus.job-started.v1",outcome="applied"'],
  ['scan_status:verdicts:increase10m', 'namespace="team",policy="p",verdict="failed",warned="false"'],
  ['scan_status:conflicts:increase10m', 'kind="ImageScan"'],
  ['scan_status:alerts_sent:increase10m', 'receiver="pager"'],
  ['scan_status:alerts_failed:increase10m', 'receiver="pager"'],
  ['scan_status:message_duration_seconds_bucket:increase10m', 'function="alert",le="5"'],
];

/** Everything that the dashboard asks for, at one time. */
const LIVELY: Series = {
  ...Object.assign({}, ...COUNTED.map(([record, labels]) => pods(metricOf(record), { [labels]: 3 }))),
  ...durations(18),
  ...scan('slow', 'Scanning'),
  ...created('slow', 0),
  ...scanCondition('slow', 'PolicySucceeded', 'False'),
  ...vulnerabilities('slow', 'HIGH', 3),
};

const fine = { code: 0, output: expect.stringContaining('SUCCESS') };

/** The rules, one of them changed. */
const changed = (rule: Rule, change: Partial<Rule>): RulesFile => ({
  groups: GOOD.groups.map((group) => ({
    ...group,
    rules: group.rules.map((one) =>
      one.alert === rule.alert && one.record === rule.record ? { ...one, ...change } : one,
    ),
  })),
});

const program = await debianTool('promtool');

(program === undefined ? describe.skip : describe)('promtool', () => {
  const promtool = promtoolIn(String(program));

  it('takes the rules', async () => {
    expect(await promtool.check(GOOD)).toMatchObject(fine);
  });

  it('takes no rule that is none', async () => {
    const [rule] = alerts as [Rule];
    expect(await promtool.check(changed(rule, { expr: 'sum(' }))).not.toMatchObject({ code: 0 });
  });

  it('reads what the functions count, whatever a scan and its policy are named', async () => {
    const { alerts: told, count, text, timed } = startMetrics();
    const data = { scan: { namespace: 'a"b\\c\nd' }, policy: { name: '{}\u2028é' }, verdict: 'failed' };
    const emits = [{ type: POLICY_EVALUATED, data }];
    count({ type: REPORT_READY, outcome: 'applied', changes: [], causes: [], emits });
    await timed([{ name: 'alert' }], async () => told.sent('ops'));
    told.failed('"');
    expect(await promtool.checkMetrics(text())).toEqual({ code: 0, output: '' });
    expect(await promtool.checkMetrics(`${text()}one{a="b" 1\n`)).not.toMatchObject({ code: 0 });
  });

  describe('makes the alerts that it should and no others where', () => {
    it.each(WORLDS)('$what', async (world) => {
      expect(await promtool.firesIn(GOOD, world)).toMatchObject(fine);
    });
  });

  it('makes every alert somewhere', () => {
    const made = WORLDS.flatMap(({ firing }) => firing.flatMap(([, ...expected]) => expected.map((one) => one.alert)));
    expect([...new Set(made)].toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  });

  describe('notices that', () => {
    const worldsOf = ({ alert }: Rule) =>
      WORLDS.filter(({ firing }) => firing.some(([, ...expected]) => expected.some((one) => one.alert === alert)));

    it.each<[what: string, change: Partial<Rule>]>([
      ['never fires', { expr: 'vector(1) < 0' }],
      ['always fires', { expr: 'vector(1)', for: '0m' }],
      ['does not wait', { for: '0m' }],
      ['says something else', { annotations: { summary: 'Look' } }],
      ['has no severity', { labels: {} }],
    ])('an alert %s', async (_, change) => {
      const told = await Promise.all(
        alerts.map(async (rule) => [
          rule.alert,
          (await promtool.firesIn(changed(rule, change), ...worldsOf(rule))).output,
        ]),
      );
      expect(told.filter(([, output]) => !String(output).includes('exp:['))).toEqual([]);
    });
  });

  describe.each(COUNTED)('reckons %s', (record, labels) => {
    const name = metricOf(record);
    const short = pods(name, { [labels]: 3 }, 3);
    const minutes = (second: number) => ({ expr: `sum(${record})`, second: second * 60 });

    it('as all that pods of a minute have counted, for ten minutes', async () => {
      const gone = { expr: `absent(sum(${record}))`, second: 30 * 60, value: 1 };
      expect(await promtool.tells(GOOD, short, { ...minutes(9), value: 9 }, gone)).toMatchObject(fine);
    });

    it('as no more than what a pod that stays has added', async () => {
      const staying = stayingPod(name, labels);
      expect(await promtool.tells(GOOD, staying, { ...minutes(60), value: 40 })).toMatchObject(fine);
    });

    it('better than increase() alone, which sees nothing of the short ones', async () => {
      const [rule] = records.filter((one) => one.record === record) as [Rule];
      const naive = changed(rule, { expr: `increase(${name}[10m])` });
      expect(await promtool.tells(naive, short, { ...minutes(9), value: 0 })).toMatchObject(fine);
    });
  });

  it('reckons every record', () => {
    expect(COUNTED.map(([record]) => record)).toEqual(records.map(({ record }) => record));
  });

  describe('finds something to show in', () => {
    const queries = dashboard().panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ title, expr: expr.replaceAll('$namespace', '.*') })),
    );

    it.each(queries)('panel $title: $expr', async ({ expr }) => {
      const some = { expr: `count(${expr}) > bool 0`, second: 60 * 60, value: 1 };
      expect(await promtool.tells(GOOD, LIVELY, some)).toMatchObject(fine);
    });
  });
});
