/** Opens what compile-policy works with: the compiler, and a look at what a policy sees of a report. */
import pLimit from 'p-limit';
import { readBundle } from '../../shared/policy/bundle/bundle.ts';
import { UnusableBundle } from '../../shared/policy/bundle/unusable-bundle.ts';
import { compileRego } from '../../shared/policy/compile.ts';
import { compiledPolicy } from '../../shared/policy/evaluation.ts';
import { readOpaSetting } from '../../shared/runtime/config-policies.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import type { Around, OpenFunctions } from '../../shared/runtime/open.ts';
import { type OpenPolicies, openPolicies } from '../../shared/runtime/open-policies.ts';
import { compilePolicy } from './handler.ts';

/** The compiler is a program of its own, whose memory nobody bounds: it took 300 MB for hostile texts. */
const MOST_COMPILERS = 2;

/** The formats in which a compiled policy denies nothing that is planted. */
const silentFormatsOf =
  ({ evaluator, modules }: OpenPolicies) =>
  async (bytes: Uint8Array): Promise<readonly string[]> => {
    const bundle = await readBundle(bytes);
    const policy = compiledPolicy(bundle, await modules(bundle));
    const silent = await evaluator.silentFormats({ policy });
    if (typeof silent === 'string') throw new UnusableBundle(silent);
    return silent;
  };

export const openCompilePolicy = (opened: OpenPolicies): WorkingFunction => {
  const opa = readOpaSetting();
  const compilers = pLimit(MOST_COMPILERS);
  return compilePolicy({
    policies: opened.policies,
    configMaps: opened.configMaps,
    compile: (text) => compilers(() => compileRego(text, { opa })),
    canary: silentFormatsOf(opened),
    now: Date.now,
  });
};

/** The function in a process of its own. Throws `WrongSetting`. */
export const openAlone = ({ connection, scope }: Around): OpenFunctions => {
  const policies = openPolicies(connection, scope);
  return { functions: [openCompilePolicy(policies)], close: policies.evaluator.close };
};
