/** The bundles that policies bring along: fetched as far as their namespace may, and signed where keys are configured. */
import { LRUCache } from 'lru-cache';
import { allowedFor, type Sources } from '../remote/allow-list.ts';
import { type BundleSources, openBundles } from './bundle/sources.ts';
import type { PublicKey } from './keys.ts';

/** Namespaces whose bundles are kept, and the bytes of each: a policy has some hundred thousand. */
const NAMESPACES = 64;
const KEPT_BYTES = 4 * 1_048_576;

/**
 * The sources of a namespace's bundles.
 *
 * @param keys the keys in use, which are asked for each time; absent, bundles must not be signed
 */
export const broughtBundles = (
  sources: Sources,
  keys?: () => Promise<readonly PublicKey[]>,
): ((namespace: string) => Promise<BundleSources>) => {
  const opened = new LRUCache<string, BundleSources>({ max: NAMESPACES });
  let publicKeys: readonly PublicKey[] | undefined;
  const verifyKeys = () => publicKeys && { publicKeys };
  return async (namespace) => {
    publicKeys = await keys?.();
    const known = opened.get(namespace);
    if (known !== undefined) return known;
    const { privateAddresses } = sources;
    const allows = allowedFor(sources, namespace);
    const bundles = openBundles({ allows, privateAddresses, verifyKeys, keptBytes: KEPT_BYTES });
    opened.set(namespace, bundles);
    return bundles;
  };
};
