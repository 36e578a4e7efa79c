/**
 * The built-ins of Rego that OPA's wasm modules leave to their host, with OPA's own semantics.
 *
 * One file of this folder holds one family. `time.now_ns` stands at the instant of the evaluation, so that the same
 * request always gives the same verdict, and what would look at anything but the report is forbidden. What OPA has and is
 * not here (`io.jwt.*`, `crypto.x509.*`, `graphql.*`, what gives sets, …) ends the evaluation as well.
 *
 * The rest agrees with OPA, as tests with the real one show, but for this: 7.0 is 7; bytes that are no UTF-8 do not
 * survive; time zones are Node's; YAML is js-yaml's; `json.patch` changes no sets, and adds no keys that are no texts; and
 * what would take far too much ends the evaluation.
 *
 * @see https://www.openpolicyagent.org/docs/policy-reference/builtins
 */
import type { Instant } from '../../conditions/instant.ts';
import { ENCODING } from './encoding.ts';
import { FORBIDDEN } from './forbidden.ts';
import { JSON_TEXT } from './json.ts';
import { JSON_PATCH } from './json-patch.ts';
import { NETWORKS } from './networks.ts';
import { NUMBERS } from './numbers.ts';
import { OBJECTS } from './objects.ts';
import { type BuiltIn, type Family, Undefined, Unsupported } from './operands.ts';
import { REGEX } from './regex.ts';
import { SEMVER } from './semver.ts';
import { SPRINTF } from './sprintf.ts';
import { STRINGS } from './strings.ts';
import { nowAt, TIME } from './time.ts';
import { YAML } from './yaml.ts';

export type BuiltIns = ReadonlyMap<string, BuiltIn>;

/** The policy calls what it must not, or asks for more than it is given. The text is for the people who wrote it. */
export class ForbiddenBuiltIn extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'ForbiddenBuiltIn';
  }
}

/** Accepted and silent: a policy's traces and prints are for whoever wrote it, on their own machine. */
const SILENT: Family = ['trace', 'print', 'internal.print'].map((name) => [name, () => true]);

const forbidden: Family = [...FORBIDDEN].map(([name, why]) => [
  name,
  () => {
    throw new ForbiddenBuiltIn(`${name} is forbidden: ${why}`);
  },
]);

const answering =
  (name: string, call: BuiltIn): BuiltIn =>
  (...operands) => {
    try {
      return call(...operands);
    } catch (error) {
      if (error instanceof Undefined) return undefined;
      if (error instanceof Unsupported) throw new ForbiddenBuiltIn(`${name}: ${error.message}`, { cause: error });
      throw error;
    }
  };

const FAMILIES: readonly Family[] = [
  ENCODING,
  JSON_PATCH,
  JSON_TEXT,
  NETWORKS,
  NUMBERS,
  OBJECTS,
  REGEX,
  SEMVER,
  SPRINTF,
  STRINGS,
  TIME,
  YAML,
  SILENT,
  forbidden,
];

const ALWAYS: BuiltIns = new Map(FAMILIES.flat().map(([name, call]) => [name, answering(name, call)]));

/** The built-ins of one evaluation. A call answers `undefined` where OPA, not being strict, does; or throws. */
export const builtInsAt = (evaluatedAt: Instant): BuiltIns => new Map([...ALWAYS, ...nowAt(evaluatedAt)]);
