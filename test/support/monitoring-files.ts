/** What `infra/monitoring` holds, read for the tests. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startMetrics } from '../../shared/runtime/metrics.ts';
import { INFRA, readYaml } from './manifests.ts';
import type { StateMetrics } from './monitoring-state-metrics.ts';

export const MONITORING = join(INFRA, 'monitoring');

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** As a Prometheus without the operator takes them. */
export interface RulesFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
}

export const rulesFile = (): RulesFile =>
  readYaml(join(MONITORING, 'prometheus-rules.yaml'))[0]?.spec as unknown as RulesFile;

export const rules = (): readonly Rule[] => rulesFile().groups.flatMap((group) => group.rules);

export const dashboard = (): Dashboard => JSON.parse(readFileSync(join(MONITORING, 'dashboard.json'), 'utf8'));

export const stateMetrics = (): StateMetrics =>
  readYaml(join(MONITORING, 'kube-state-metrics.yaml'))[0] as unknown as StateMetrics;

/** Argo CD's scripts, by the setting that holds each. */
export const healthScripts = (): Readonly<Record<string, string>> =>
  readYaml(join(MONITORING, 'argocd-health.yaml'))[0]?.data as Readonly<Record<string, string>>;

const SERIES_OF: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  histogram: ['_bucket', '_sum', '_count'],
};

/** The names of what the functions tell at `/metrics`. */
export const functionMetrics = (): readonly string[] =>
  [
    ...startMetrics()
      .text()
      .matchAll(/^# TYPE (\S+) (\S+)$/gm),
  ].flatMap(([, name = '', type = '']) => (SERIES_OF[type] ?? []).map((suffix) => `${name}${suffix}`));
