/** A bundle out of a ConfigMap: in its `binaryData`, whole or in parts. */
import * as z from 'zod';
import { shownName, shownNames, UnusableBundle } from './unusable-bundle.ts';

/** A ConfigMap as the API server gives it, as far as we look into it. */
export interface HoldsBundle {
  readonly metadata: unknown;
  readonly binaryData?: unknown;
}

const binaryData = z.record(z.string(), z.string()).nullish();
const metadata = z.object({ name: z.string() });

/** The keys at which a bundle is looked for, unless one is named. */
const KEYS = ['bundle.tar.gz', 'policy.wasm'];
const PART = /^(?<name>.+)\.(?<part>0|[1-9]\d{0,3})$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

interface Part {
  readonly key: string;
  /** The key of the whole. */
  readonly name: string;
  /** Its place; absent, it is the whole. */
  readonly at?: number;
  readonly text: string;
}

const partOf = ([key, text]: readonly [string, string], keys: readonly string[]): readonly Part[] => {
  if (keys.includes(key)) return [{ key, name: key, text }];
  const { name = '', part } = PART.exec(key)?.groups ?? {};
  return keys.includes(name) ? [{ key, name, at: Number(part), text }] : [];
};

const bytesOf = ({ key, text }: Part): Uint8Array => {
  if (text.length % 4 === 0 && BASE64.test(text)) return Buffer.from(text, 'base64');
  throw new UnusableBundle(`binaryData.${shownName(key)}: must be base64`);
};

/** The bytes of all parts in their order. Throws where one is missing, or where it is open what belongs together. */
const joined = (parts: readonly Part[], keys: readonly string[]): Uint8Array => {
  const [first] = parts;
  if (first === undefined) {
    const wanted = keys.map(shownName).join(' nor ');
    throw new UnusableBundle(`binaryData: has neither ${wanted} nor parts of it such as ${shownName(keys[0] ?? '')}.0`);
  }
  const isMixed = parts.some(({ name, at }) => name !== first.name || (at === undefined && parts.length > 1));
  if (isMixed)
    throw new UnusableBundle(`binaryData: has several bundles: ${shownNames(parts.map(({ key }) => key).sort())}`);
  const ordered = parts.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0));
  const gap = ordered.findIndex(({ at = 0 }, place) => at !== place);
  if (gap >= 0) throw new UnusableBundle(`binaryData: lacks ${shownName(first.name)}.${gap}`);
  return Buffer.concat(ordered.map(bytesOf));
};

/** The bytes of the bundle that a ConfigMap holds, and what to call it. Throws `UnusableBundle`. */
export const bytesOfConfigMap = (
  configMap: HoldsBundle,
  key?: string,
): { readonly name: string; readonly bytes: Uint8Array } => {
  const name = `ConfigMap ${shownName(metadata.safeParse(configMap.metadata).data?.name ?? '')}`.trim();
  const keys = key === undefined ? KEYS : [key];
  try {
    const { data, success } = binaryData.safeParse(configMap.binaryData);
    if (!success) throw new UnusableBundle('binaryData: must be texts by their keys');
    return {
      name,
      bytes: joined(
        Object.entries(data ?? {}).flatMap((entry) => partOf(entry, keys)),
        keys,
      ),
    };
  } catch (cause) {
    if (!(cause instanceof UnusableBundle)) throw cause;
    throw new UnusableBundle(`${name} cannot be used: ${cause.message}`, { cause });
  }
};
