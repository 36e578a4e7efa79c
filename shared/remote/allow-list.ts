/** Which sources a namespace's scans may have fetched: everything below one of a list of URLs. */
import * as z from 'zod';
import { isAddressRange } from './addresses.ts';
import { type Place, parseSourceUrl, placeOf } from './source-url.ts';

/** What is wrong with a URL that shall allow all below it; `undefined`, nothing. */
const prefixProblem = (text: string): string | undefined => {
  const url = parseSourceUrl(text);
  if (typeof url === 'string') return url;
  const place = placeOf(url);
  if (typeof place === 'string') return place;
  if (url.search !== '' || url.hash !== '') return 'must not hold a query or fragment';
  return url.pathname.endsWith('/') ? undefined : 'must end with a slash: all below it is allowed';
};

const prefix = z.string().superRefine((text, context) => {
  const message = prefixProblem(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** Every namespace. */
const ANY = '*';
/** A DNS label, as a namespace's name is. */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const namespace = z
  .string()
  .refine((name) => name === ANY || NAMESPACE.test(name), { error: 'must be the name of a namespace, or *' });

/** What may be fetched, as an operator configures it. */
export const sourcesSchema = z.strictObject({
  /** By namespace, or `*` for every one: URLs `https://HOST[:PORT]/PATH/` or `s3://BUCKET/PREFIX/`. */
  namespaces: z.record(namespace, z.array(prefix)),
  /** Ranges of addresses that are allowed though they are not public. */
  privateAddresses: z
    .array(z.string().refine(isAddressRange, { error: 'must be a range of addresses such as 10.0.0.0/8' }))
    .default([]),
  /** Whether buckets are in the path and not in the host's name, as most stores want it that are not Amazon's. */
  s3PathStyle: z.boolean().default(false),
});

export type Sources = Readonly<z.infer<typeof sourcesSchema>>;

const placeOfText = (text: string): readonly Place[] => {
  const url = parseSourceUrl(text);
  const place = typeof url === 'string' ? url : placeOf(url);
  return typeof place === 'string' ? [] : [place];
};

/** Whether a place is below a prefix, whose last segment is the nothing after its last slash. */
const isBelow = (place: Place, { origin, segments }: Place): boolean =>
  place.origin === origin &&
  place.segments.length >= segments.length &&
  segments.slice(0, -1).every((segment, at) => segment === place.segments[at]);

/** Whether the scans of a namespace may have a URL fetched. */
export const allowedFor = ({ namespaces }: Sources, name: string): ((url: URL) => boolean) => {
  const own = name !== ANY && Object.hasOwn(namespaces, name) ? namespaces[name] : [];
  const prefixes = [...(own ?? []), ...(namespaces[ANY] ?? [])].flatMap(placeOfText);
  return (url) => {
    const place = placeOf(url);
    return typeof place !== 'string' && prefixes.some((allowed) => isBelow(place, allowed));
  };
};
