/** Where bundles come from: a file, a URL, or a ConfigMap. */
import { open } from 'node:fs/promises';
import { type Bundle, readBundle } from './bundle.ts';
import { bytesOfConfigMap, type HoldsBundle } from './config-map.ts';
import { bundleDownloads, type DownloadSettings, type FoundBundle, MOST_PACKED } from './downloads.ts';
import type { BundleKeys } from './signatures.ts';
import { UnusableBundle } from './unusable-bundle.ts';

export interface BundleSettings extends DownloadSettings {
  /** What bundles must be signed with now; absent or `undefined`, they must not be signed. */
  readonly verifyKeys?: () => BundleKeys | undefined;
}

interface Pin {
  /** The digest that the bundle must have, `sha256:…`. */
  readonly digest?: string | undefined;
}

/** All reject with `UnusableBundle`. */
export interface BundleSources {
  readonly fromFile: (file: string, pin?: Pin) => Promise<Bundle>;
  /**
   * Rejects also with `RefusedSource` where the URL may not be fetched, or has nothing, and with `Unavailable` where it
   * may be had another time and none is kept that could stand in.
   */
  readonly fromUrl: (url: string, pin?: Pin) => Promise<FoundBundle>;
  /** The key is that of the whole bundle, though it may be there in parts. */
  readonly fromConfigMap: (
    configMap: HoldsBundle,
    pin?: Pin & { readonly key?: string | undefined },
  ) => Promise<Bundle>;
}

const fileBytes = async (file: string): Promise<Uint8Array> => {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    if (size > MOST_PACKED) throw new UnusableBundle(`${file} is larger than ${MOST_PACKED} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
};

/** Reads a bundle from a file. Throws `UnusableBundle`, also where there is none. */
const readFileBundle = async (file: string, verifyKeys: BundleKeys | undefined): Promise<Bundle> => {
  const bytes = await fileBytes(file).catch((cause) => {
    if (cause instanceof UnusableBundle) throw cause;
    throw new UnusableBundle(`${file} cannot be read (${cause.code ?? cause.message})`, { cause });
  });
  return readBundle(bytes, { name: file, verifyKeys });
};

const urlOf = (text: string): URL => {
  const url = URL.parse(text);
  if (url === null) throw new UnusableBundle('the source of the bundle must be a URL');
  return url;
};

const checkedDigest = (bundle: Bundle, digest: string | undefined): Bundle => {
  if (digest === undefined || bundle.digest === digest) return bundle;
  throw new UnusableBundle(`the bundle has the digest ${bundle.digest}, not the one it is pinned to, ${digest}`);
};

/** Reads bundles wherever they come from. */
export const openBundles = (settings: BundleSettings): BundleSources => {
  const { verifyKeys = () => undefined, ...downloads } = settings;
  const download = bundleDownloads(downloads);
  return {
    fromFile: async (file, { digest } = {}) => checkedDigest(await readFileBundle(file, verifyKeys()), digest),
    fromUrl: async (text, { digest } = {}) => {
      const found = await download({ url: urlOf(text), keys: verifyKeys(), digest });
      checkedDigest(found.bundle, digest);
      return found;
    },
    fromConfigMap: async (configMap, { digest, key } = {}) => {
      const { name, bytes } = bytesOfConfigMap(configMap, key);
      return checkedDigest(await readBundle(bytes, { name, verifyKeys: verifyKeys() }), digest);
    },
  };
};
