/**
 * How a built-in takes its operands, and the two ways in which it may not answer.
 *
 * Operands are terms: JSON values, `bigint` for integers beyond 2^53, and a `Set` for a Rego set where the engine tells
 * sets from arrays. Where it doesn't, a set is an array.
 */

/** `undefined` is what a call is worth that OPA, which is not strict, ends with an error. */
export type BuiltIn = (...operands: readonly unknown[]) => unknown;

/** Some built-ins that belong together, by name. */
export type Family = readonly (readonly [name: string, call: BuiltIn])[];

export type TermObject = Readonly<Record<string, unknown>>;

/** The call has an error, so it is undefined. The text is for whoever debugs it here; policies never see it. */
export class Undefined extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'Undefined';
  }
}

/** The call asks for more than is given here. That must be heard of: to call it undefined would be another verdict. */
export class Unsupported extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'Unsupported';
  }
}

type Kind<T> = (term: unknown) => term is T;

export const text = (term: unknown): term is string => typeof term === 'string';

export const number = (term: unknown): term is number | bigint => typeof term === 'number' || typeof term === 'bigint';

export const array = (term: unknown): term is readonly unknown[] => Array.isArray(term);

export const set = (term: unknown): term is ReadonlySet<unknown> => term instanceof Set;

export const arrayOrSet = (term: unknown): term is readonly unknown[] | ReadonlySet<unknown> =>
  array(term) || set(term);

export const object = (term: unknown): term is TermObject =>
  typeof term === 'object' && term !== null && !arrayOrSet(term);

export const anything = (_term: unknown): _term is unknown => true;

const LARGEST = 2n ** 63n - 1n;

export const isInt64 = (value: bigint): boolean => value >= -LARGEST - 1n && value <= LARGEST;

/** A whole number. */
export const integer = (term: unknown): term is number | bigint => typeof term === 'bigint' || Number.isInteger(term);

/** A whole number that Go's `int` holds. */
export const int64 = (term: unknown): term is number | bigint => integer(term) && isInt64(BigInt(term));

/** A whole number as results carry it: a `number` where that is exact. */
export const wholeNumber = (value: bigint): number | bigint => {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
};

/** A built-in that is undefined where an operand is of another kind. */
export const takes =
  <T extends readonly [unknown, ...unknown[]]>(
    kinds: { readonly [At in keyof T]: Kind<T[At]> },
    call: (...operands: T) => unknown,
  ): BuiltIn =>
  (...operands) =>
    kinds.every((is, at) => is(operands[at])) ? call(...(operands as unknown as T)) : undefined;
