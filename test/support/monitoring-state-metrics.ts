/**
 * What kube-state-metrics makes of an object by a configuration: as much of its rules as ours uses, and an error for more.
 *
 * @see https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/extend/customresourcestate-metrics.md
 */
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';

type Path = readonly string[];
type Labels = Readonly<Record<string, string>>;
type LabelPaths = Readonly<Record<string, Path>>;

interface Source {
  readonly path: Path;
  readonly labelsFromPath?: LabelPaths;
  readonly valueFrom?: Path;
}

interface Gauge extends Source {
  readonly labelFromKey?: string;
}

interface StateSet extends Source {
  readonly labelName: string;
  readonly list: readonly string[];
}

interface Generator {
  readonly name: string;
  readonly help: string;
  readonly each: { readonly type: string; readonly gauge?: Gauge; readonly stateSet?: StateSet };
}

interface Resource {
  readonly groupVersionKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly resourcePlural?: string;
  readonly metricNamePrefix: string;
  readonly labelsFromPath: LabelPaths;
  readonly errorLogV: number;
  readonly metrics: readonly Generator[];
}

export interface StateMetrics {
  readonly kind: string;
  readonly spec: { readonly resources: readonly Resource[] };
}

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const at = (object: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return /^\d+$/.test(part) ? value[Number(part)] : undefined;
    return isJsonObject(value) ? value[part] : undefined;
  }, object);

const labelsOf = (object: unknown, paths: LabelPaths = {}): Labels =>
  Object.fromEntries(
    Object.entries(paths)
      .map(([name, path]) => [name, at(object, path)] as const)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );

/** A number, or the seconds of a time; anything else is an error that is logged, and no sample. */
const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  const seconds = typeof value === 'string' ? Date.parse(value) / 1_000 : Number.NaN;
  return Number.isNaN(seconds) ? undefined : seconds;
};

const gaugeSamples = (object: unknown, { path, labelsFromPath, valueFrom = [], labelFromKey }: Gauge): Sample[] => {
  const found = at(object, path);
  const sample = (element: unknown, labels: Labels = {}): Sample[] => {
    const value = numberOf(at(element, valueFrom));
    return value === undefined ? [] : [{ labels: { ...labelsOf(element, labelsFromPath), ...labels }, value }];
  };
  if (Array.isArray(found)) return found.flatMap((element) => sample(element));
  if (!isJsonObject(found)) return sample(found);
  return Object.entries(found).flatMap(([key, element]) =>
    sample(element, labelFromKey === undefined ? {} : { [labelFromKey]: key }),
  );
};

const stateSamples = (object: unknown, { path, labelsFromPath, labelName, valueFrom = [], list }: StateSet): Sample[] =>
  [at(object, path)].flat().flatMap((element) => {
    const state = at(element, valueFrom);
    if (typeof state !== 'string') return [];
    const labels = labelsOf(element, labelsFromPath);
    return list.map((entry) => ({ labels: { ...labels, [labelName]: entry }, value: entry === state ? 1 : 0 }));
  });

const samplesOf = (object: unknown, { name, each }: Generator): readonly Sample[] => {
  const { type, gauge, stateSet } = each;
  if (type === 'Gauge' && gauge !== undefined) return gaugeSamples(object, gauge);
  if (type === 'StateSet' && stateSet !== undefined) return stateSamples(object, stateSet);
  throw new Error(`${name}: a metric of type ${type} needs its own member`);
};

/** The names of what a configuration tells. */
export const stateMetricNames = ({ spec }: StateMetrics): readonly string[] => [
  ...new Set(
    spec.resources.flatMap(({ metricNamePrefix, metrics }) => metrics.map(({ name }) => `${metricNamePrefix}_${name}`)),
  ),
];

/** The lines for one object: `name{label="value",…} number`, labels sorted, without those of the group and version. */
export const stateLines = ({ spec }: StateMetrics, object: JsonObject): readonly string[] =>
  spec.resources
    .filter(({ groupVersionKind }) => groupVersionKind.kind === object.kind)
    .flatMap(({ metricNamePrefix, labelsFromPath, metrics }) =>
      metrics.flatMap((generator) =>
        samplesOf(object, generator).map(({ labels, value }) => {
          const all = { ...labelsOf(object, labelsFromPath), ...labels, customresource_kind: String(object.kind) };
          const told = Object.entries(all).toSorted(([a], [b]) => (a < b ? -1 : 1));
          const text = told.map(([name, label]) => `${name}="${label}"`).join(',');
          return `${metricNamePrefix}_${generator.name}{${text}} ${value}`;
        }),
      ),
    );
