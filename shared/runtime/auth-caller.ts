/** Who sends a message, and what of it is theirs to tell: what a credential is not allowed by name, it may not. */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import type { Event } from '../events/event.ts';
import type { HttpMessage } from '../events/message.ts';
import { Refused } from '../events/rejected.ts';
import type { Scope } from '../events/scope.ts';

/** All, or those that are listed. */
type AnyOf = '*' | readonly string[];

/** What a credential is allowed. */
interface Allowed {
  readonly functions: AnyOf;
  /** Types of events. */
  readonly types: AnyOf;
  /** Of the scans, policies and Jobs that an event is about. */
  readonly namespaces: AnyOf;
  /** Whether its events may be marked as replayed. */
  readonly replays: boolean;
  /** Whether it may read the list of scans. */
  readonly reads: boolean;
}

export interface Caller {
  /** The credential's name, for the log. */
  readonly name: string;
  readonly allowed: Allowed;
}

type Body = HttpMessage['body'];

/** A message whose body may not have been read yet: whoever may not send it need not be listened to. */
export interface Arriving {
  readonly headers: HttpMessage['headers'];
  /** The body, or what reads it; called again, it gives the same. */
  readonly body: Body | (() => Promise<Body>);
}

/** Says who sends a message. Throws `Refused` (401, 403), and `Unavailable` where that cannot be told now. */
export type Authenticate = (message: Arriving) => Promise<Caller>;

export const bodyOf = async ({ body }: Arriving): Promise<Body> => (typeof body === 'function' ? body() : body);

/** The challenge of a 401: @see https://www.rfc-editor.org/rfc/rfc6750#section-3 */
export const challengeTo = (headers: Arriving['headers']): string => {
  const hasTried = headers.some(([name]) => name.toLowerCase() === 'authorization');
  return `Bearer realm="scan-status"${hasTried ? ', error="invalid_token"' : ''}`;
};

/** By which an event is marked as replayed. */
const REPLAY = 'scanreplay';

const isAllowed = (allowed: AnyOf, value: string): boolean => allowed === '*' || allowed.includes(value);

const forbidden = (problem: string): Refused => new Refused(problem, { status: 403 });

/** Where the shapes of events name a namespace: our own, those of the exporter, and whole objects. */
const NAMESPACED = ['scan', 'involvedObject', 'metadata'] as const;

/** Every namespace that an event names, wherever a function may look for one. */
const namespacesIn = (data: JsonObject): readonly string[] =>
  NAMESPACED.flatMap((field) => {
    const named = data[field];
    return isJsonObject(named) && typeof named.namespace === 'string' ? [named.namespace] : [];
  });

/** Why the caller may not tell an event, to whichever function; `undefined`, it may. */
export const refusedEvent = ({ allowed }: Caller, { type, data, extensions }: Event): Refused | undefined => {
  if (!isAllowed(allowed.types, type)) return forbidden(`type: this credential may not send ${type}`);
  if (!allowed.replays && Object.hasOwn(extensions, REPLAY))
    return forbidden(`${REPLAY}: this credential may not send what is replayed`);
  const foreign = namespacesIn(data).find((namespace) => !isAllowed(allowed.namespaces, namespace));
  return foreign === undefined
    ? undefined
    : forbidden(`data: this credential may not tell of namespace ${JSON.stringify(foreign.slice(0, 64))}`);
};

/** Why the caller may not send to a function; `undefined`, it may. */
export const refusedFunction = ({ allowed }: Caller, name: string): Refused | undefined =>
  isAllowed(allowed.functions, name) ? undefined : forbidden(`this credential may not send to ${name}`);

/** Why the caller may not read the list of scans; `undefined`, it may. */
export const refusedReading = ({ allowed }: Caller): Refused | undefined =>
  allowed.reads ? undefined : forbidden('this credential may not read the list of scans');

/**
 * The scans that a caller may tell of. The functions keep to it however they read an event, so that what one of them
 * finds in it that was not seen here is ignored.
 */
export const narrowed = (scope: Scope, { allowed: { namespaces } }: Caller): Scope => {
  if (namespaces === '*') return scope;
  const kept = namespaces.filter((name) => scope.namespaces === undefined || scope.namespaces.has(name));
  return { ...scope, namespaces: new Set(kept) };
};
