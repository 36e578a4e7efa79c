/** Opens what evaluate-policy works with: bundles, reports, and the key that it signs with. */
import { readFileSync } from 'node:fs';
import { broughtBundles } from '../../shared/policy/brought-bundles.ts';
import { openBundles } from '../../shared/policy/bundle/sources.ts';
import { publicKeysIn, signingKeyIn } from '../../shared/policy/key-files.ts';
import { signWith } from '../../shared/policy/verdict-signature.ts';
import type { Sources } from '../../shared/remote/allow-list.ts';
import { openSources } from '../../shared/remote/sources.ts';
import { NO_SOURCES, readSources, WrongSources } from '../../shared/remote/sources-file.ts';
import { WrongSetting } from '../../shared/runtime/config.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import type { Around, OpenFunctions } from '../../shared/runtime/open.ts';
import { type OpenPolicies, openPolicies } from '../../shared/runtime/open-policies.ts';
import { kubernetesPodLogs } from '../../shared/scans/pod-logs.ts';
import { evaluatePolicy } from './handler.ts';

const sourcesOf = (file: string | undefined): Sources => {
  if (file === undefined) return NO_SOURCES;
  try {
    return readSources(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof WrongSources) throw new WrongSetting('REPORT_SOURCES', `${file}: ${error.message}`);
    throw new WrongSetting('REPORT_SOURCES', `${file}: cannot be read`);
  }
};

export interface OpenEvaluatePolicy {
  readonly evaluatePolicy: WorkingFunction;
  readonly close: () => void;
}

/** Throws `WrongSetting`. */
export const openEvaluatePolicy = (
  { store, confirm, cluster }: Pick<Around, 'store' | 'confirm' | 'cluster'>,
  { settings, connection, ...shared }: OpenPolicies,
): OpenEvaluatePolicy => {
  const permitted = sourcesOf(settings.sources);
  const sources = openSources(permitted);
  const { bundleKeys, signingKey, largestReport } = settings;
  return {
    evaluatePolicy: evaluatePolicy({
      ...shared,
      store,
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
    }),
    close: () => sources.close(),
  };
};

/** The function in a process of its own. Throws `WrongSetting`. */
export const openAlone = (around: Around): OpenFunctions => {
  const policies = openPolicies(around.connection, around.scope);
  const { evaluatePolicy: only, close } = openEvaluatePolicy(around, policies);
  return {
    functions: [only],
    close: async () => {
      close();
      await policies.evaluator.close();
    },
  };
};
