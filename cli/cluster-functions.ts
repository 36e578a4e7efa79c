/** The functions that need a cluster, with what they work with: policies, their compiler, and the reports. */
import { readFileSync } from 'node:fs';
import pLimit from 'p-limit';
import { compilePolicy } from '../functions/compile-policy/handler.ts';
import { evaluatePolicy } from '../functions/evaluate-policy/handler.ts';
import type { Scope } from '../shared/events/scope.ts';
import { broughtBundles } from '../shared/policy/brought-bundles.ts';
import { readBundle } from '../shared/policy/bundle/bundle.ts';
import { type Compiled, compiledModules } from '../shared/policy/bundle/compiled.ts';
import { openBundles } from '../shared/policy/bundle/sources.ts';
import { UnusableBundle } from '../shared/policy/bundle/unusable-bundle.ts';
import { compileRego } from '../shared/policy/compile.ts';
import { compiledPolicy } from '../shared/policy/evaluation.ts';
import { type Evaluator, startEvaluator } from '../shared/policy/evaluator.ts';
import { publicKeysIn, signingKeyIn } from '../shared/policy/key-files.ts';
import { signWith } from '../shared/policy/verdict-signature.ts';
import type { Sources } from '../shared/remote/allow-list.ts';
import { openSources } from '../shared/remote/sources.ts';
import { NO_SOURCES, readSources, WrongSources } from '../shared/remote/sources-file.ts';
import { readOpaSetting, readPolicySettings, WrongSetting } from '../shared/runtime/config.ts';
import type { Confirm } from '../shared/runtime/confirm.ts';
import type { WorkingFunction } from '../shared/runtime/function.ts';
import type { Connection } from '../shared/scans/kubernetes-connection.ts';
import { kubernetesConfigMaps, kubernetesPolicies } from '../shared/scans/kubernetes-policies.ts';
import { kubernetesPodLogs } from '../shared/scans/pod-logs.ts';
import type { ScanStore } from '../shared/scans/store.ts';

/** The compiler is a program of its own, whose memory nobody bounds: it took 300 MB for hostile texts. */
const MOST_COMPILERS = 2;

interface Around {
  readonly connection: Connection;
  readonly store: ScanStore;
  readonly scope: Scope;
  readonly confirm?: Confirm | undefined;
  /** Names the cluster in the events that go out. */
  readonly cluster: string;
}

export interface ClusterFunctions {
  readonly functions: readonly WorkingFunction[];
  readonly close: () => Promise<void>;
}

const sourcesOf = (file: string | undefined): Sources => {
  if (file === undefined) return NO_SOURCES;
  try {
    return readSources(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof WrongSources) throw new WrongSetting('REPORT_SOURCES', `${file}: ${error.message}`);
    throw new WrongSetting('REPORT_SOURCES', `${file}: cannot be read`);
  }
};

/** The formats in which a compiled policy denies nothing that is planted. */
const silentFormatsOf =
  (evaluator: Evaluator, modules: Compiled) =>
  async (bytes: Uint8Array): Promise<readonly string[]> => {
    const bundle = await readBundle(bytes);
    const policy = compiledPolicy(bundle, await modules(bundle));
    const silent = await evaluator.silentFormats({ policy });
    if (typeof silent === 'string') throw new UnusableBundle(silent);
    return silent;
  };

/** Opens what the functions work with. Throws `WrongSetting`. */
export const clusterFunctions = ({ connection, store, scope, confirm, cluster }: Around): ClusterFunctions => {
  const settings = readPolicySettings();
  const permitted = sourcesOf(settings.sources);
  const sources = openSources(permitted);
  const evaluator = startEvaluator(settings);
  const modules = compiledModules();
  const { bundleKeys, signingKey, largestReport } = settings;
  const shared = {
    policies: kubernetesPolicies(connection, scope.group),
    configMaps: kubernetesConfigMaps(connection),
  };
  const evaluating = evaluatePolicy({
    ...shared,
    store,
    evaluator,
    modules,
    confirm,
    cluster,
    sources,
    bundles: {
      compiled: openBundles({ allows: () => false, privateAddresses: [] }),
      brought: broughtBundles(permitted, bundleKeys.length > 0 ? publicKeysIn(bundleKeys) : undefined),
    },
    logs: kubernetesPodLogs(connection),
    largest: largestReport,
    sign: signingKey === undefined ? undefined : signWith(signingKeyIn(signingKey)),
  });
  const opa = readOpaSetting();
  const compilers = pLimit(MOST_COMPILERS);
  const compiling = compilePolicy({
    ...shared,
    compile: (text) => compilers(() => compileRego(text, { opa })),
    canary: silentFormatsOf(evaluator, modules),
    now: Date.now,
  });
  const close = async (): Promise<void> => {
    sources.close();
    await evaluator.close();
  };
  return { functions: [evaluating, compiling], close };
};
