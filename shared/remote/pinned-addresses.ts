/**
 * The addresses that a connection may go to, found once: a name that resolves to another one a moment later, as in DNS
 * rebinding, gains nothing.
 */
import { type LookupAddress, promises } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Unavailable } from '../scans/unavailable.ts';
import { addressFilter } from './addresses.ts';
import { RefusedSource } from './refused-source.ts';
import { type Step, subjectOf } from './step.ts';

/** All addresses of a name. */
export type Resolve = (name: string) => Promise<readonly LookupAddress[]>;

interface AddressSettings {
  /** Whether this may be fetched. */
  readonly allows: (url: URL) => boolean;
  /** Ranges of addresses that are allowed though they are not public. */
  readonly privateAddresses: readonly string[];
  /** Asked once for each connection; absent, the system is. */
  readonly resolve?: Resolve;
}

const resolveBySystem: Resolve = (name) => promises.lookup(name, { all: true });

/** Nobody answered there, or not in a way that could be understood. */
export const unreachable = (origin: string, cause: unknown): Unavailable => {
  const { code, message } = cause as Error & { readonly code?: unknown };
  return new Unavailable(`${origin} cannot be reached (${typeof code === 'string' ? code : message})`, { cause });
};

/** The address that a URL names itself. Connections to it ask no resolver. */
const literalAddresses = ({ hostname }: URL): readonly LookupAddress[] => {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  return family === 0 ? [] : [{ address, family }];
};

const resolvedAddresses = async ({ hostname, origin }: URL, resolve: Resolve): Promise<readonly LookupAddress[]> => {
  const addresses = await resolve(hostname).catch((error) => {
    throw unreachable(origin, error);
  });
  if (addresses.length === 0) throw new Unavailable(`${origin} cannot be reached (it has no address)`);
  return addresses;
};

const checkAddresses = (step: Step, addresses: readonly LookupAddress[], privateAddresses: readonly string[]): void => {
  const isAllowed = addressFilter(privateAddresses);
  const refused = addresses.find(({ address }) => !isAllowed(address))?.address;
  if (refused === undefined) return;
  const isLiteral = literalAddresses(step.url).length > 0;
  const place = isLiteral ? refused : `${step.url.hostname} (${refused})`;
  throw new RefusedSource(`${subjectOf(step, place)} is not a public address`);
};

/**
 * The addresses of a step's URL, all of them allowed.
 *
 * Throws `RefusedSource` where one of them is not, or where the URL is no allowed source; nobody is asked for the name of
 * such a one. Throws `Unavailable` where the name cannot be resolved.
 */
export const allowedAddresses = async (step: Step, settings: AddressSettings): Promise<readonly LookupAddress[]> => {
  const { allows, privateAddresses, resolve = resolveBySystem } = settings;
  const literal = literalAddresses(step.url);
  checkAddresses(step, literal, privateAddresses);
  if (!allows(step.url)) throw new RefusedSource(`${subjectOf(step)} is not an allowed source`);
  if (literal.length > 0) return literal;
  const addresses = await resolvedAddresses(step.url, resolve);
  checkAddresses(step, addresses, privateAddresses);
  return addresses;
};

/** Answers a connection's question with these addresses, whatever it asks. */
export const pinnedLookup =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_, { all }, answer) => {
    const [first] = addresses;
    if (all) answer(null, [...addresses]);
    else answer(null, first?.address ?? '', first?.family);
  };
