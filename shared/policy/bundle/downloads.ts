/**
 * Bundles from HTTPS servers: asked for news now and then, and kept for when a server is down.
 *
 * Kept is what could be used last. A server that answers with something unusable is no server that is down: that is an
 * error, and so is a bundle that is there no more.
 */
import { LRUCache } from 'lru-cache';
import { guardedFetch } from '../../remote/guarded-fetch.ts';
import type { Resolve } from '../../remote/pinned-addresses.ts';
import { shownUrl } from '../../remote/refused-source.ts';
import { Unavailable } from '../../scans/unavailable.ts';
import { type Bundle, readBundle } from './bundle.ts';
import type { BundleKeys } from './signatures.ts';

/** Bytes of a bundle as it is fetched; some hundred thousand is usual. */
export const MOST_PACKED = 32 * 1_048_576;
/** Bytes of bundles that are kept, unless somebody says otherwise. */
const KEPT_BYTES = 128 * 1_048_576;
const DEADLINE = 10_000;
/** Milliseconds for which a bundle is used before its server is asked again, whether it answered or not. */
const FRESH_FOR = 60_000;

export interface DownloadSettings {
  /** Whether a bundle may be fetched from there; asked about each redirect too. */
  readonly allows: (url: URL) => boolean;
  /** Ranges of addresses that are allowed though they are not public. */
  readonly privateAddresses: readonly string[];
  /** PEM of the authorities that vouch for the servers; absent, those of the machine. */
  readonly ca?: string;
  /** Finds the addresses of a name; absent, the system does. */
  readonly resolve?: Resolve;
  /** Milliseconds for a whole download. */
  readonly deadline?: number;
  /** Bytes of bundles that are kept, packed and unpacked; one with more is fetched each time. */
  readonly keptBytes?: number;
}

/** A bundle, and what is to be told to those who believe it to be the newest. */
export interface FoundBundle {
  readonly bundle: Bundle;
  readonly warning?: string;
}

interface Kept extends FoundBundle {
  readonly bytes: Uint8Array;
  readonly etag?: string;
  /** What it was checked with: what other keys may sign is read again. */
  readonly keys: BundleKeys | undefined;
  /** On the process's clock: when it came or was last said to be unchanged, and when that was last asked. */
  readonly confirmed: number;
  readonly asked: number;
}

interface Wanted {
  readonly url: URL;
  readonly keys: BundleKeys | undefined;
  /** The digest that it must have: a bundle that has it cannot change. */
  readonly digest?: string | undefined;
}

/**
 * Gives the bundle at a URL. Rejects with `UnusableBundle`, `RefusedSource`, and with `Unavailable` where nothing is kept
 * that could stand in.
 */
export type Download = (wanted: Wanted) => Promise<FoundBundle>;

const isCurrent = ({ bundle, asked }: Kept, digest: string | undefined): boolean =>
  digest === undefined ? performance.now() - asked < FRESH_FOR : bundle.digest === digest;

const fetchNews = async ({ url, keys }: Wanted, kept: Kept | undefined, settings: DownloadSettings): Promise<Kept> => {
  const { deadline = DEADLINE, keptBytes: _, ...more } = settings;
  const headers = kept?.etag === undefined ? {} : { 'if-none-match': kept.etag };
  const answer = await guardedFetch(url, { ...more, deadline, headers, maximum: MOST_PACKED });
  const now = performance.now();
  if (answer.status === 304 && kept !== undefined) {
    const { warning: _, ...unchanged } = kept;
    return { ...unchanged, confirmed: now, asked: now };
  }
  const { body: bytes } = answer;
  const bundle = await readBundle(bytes, { verifyKeys: keys, name: shownUrl(url) });
  const { etag } = answer.headers;
  return { bundle, bytes, keys, confirmed: now, asked: now, ...(etag !== undefined && { etag }) };
};

/** What stands in for a bundle whose server cannot be asked, until it is time to ask again. */
const standIn = (kept: Kept, url: URL, problem: string): Kept => {
  const asked = performance.now();
  const seconds = Math.round((asked - kept.confirmed) / 1_000);
  const warning = `${shownUrl(url)} cannot be had now (${problem}); the policy is as it was ${seconds} seconds ago`;
  return { ...kept, asked, warning };
};

const refreshed = async (wanted: Wanted, kept: Kept | undefined, settings: DownloadSettings): Promise<Kept> => {
  try {
    return await fetchNews(wanted, kept, settings);
  } catch (error) {
    if (!(error instanceof Unavailable) || kept === undefined) throw error;
    return standIn(kept, wanted.url, error.message);
  }
};

const areSame = (a: BundleKeys | undefined, b: BundleKeys | undefined): boolean =>
  a === b || (a?.publicKeys === b?.publicKeys && a?.secrets === b?.secrets && a?.scope === b?.scope);

/** The kept bundle, checked with the keys of now: what a key signed that is no longer ours is not used. */
const underKeys = async (kept: Kept, { url, keys }: Wanted): Promise<Kept> =>
  areSame(kept.keys, keys)
    ? kept
    : { ...kept, keys, bundle: await readBundle(kept.bytes, { verifyKeys: keys, name: shownUrl(url) }) };

/** Downloads, and keeps. */
export const bundleDownloads = (settings: DownloadSettings): Download => {
  const bundles = new LRUCache<string, Kept>({ maxSize: settings.keptBytes ?? KEPT_BYTES });
  const under = new Map<string, Promise<Kept>>();
  const keep = (url: URL, kept: Kept): Kept => {
    bundles.set(url.href, kept, { size: kept.bytes.length + kept.bundle.wasm.length });
    return kept;
  };
  const refresh = async (wanted: Wanted, kept: Kept | undefined): Promise<Kept> =>
    keep(wanted.url, await refreshed(wanted, kept, settings));
  /** One question at a time to each server, however many wait for the answer. */
  const refreshOnce = (wanted: Wanted, kept: Kept | undefined): Promise<Kept> => {
    const { href } = wanted.url;
    const known = under.get(href);
    if (known !== undefined) return known;
    const work = refresh(wanted, kept).finally(() => under.delete(href));
    under.set(href, work);
    return work;
  };
  return async (wanted) => {
    const { href } = wanted.url;
    const kept = bundles.get(href);
    const found = kept !== undefined && isCurrent(kept, wanted.digest) ? kept : await refreshOnce(wanted, kept);
    const current = await underKeys(found, wanted);
    if (current !== found && bundles.get(href) === found) keep(wanted.url, current);
    const { bundle, warning } = current;
    return { bundle, ...(warning !== undefined && { warning }) };
  };
};
