/**
 * Built-ins for YAML. What a document means is OPA's word (internal/yaml, go.yaml.in/yaml/v3): JSON's types and no other,
 * keys are texts, of a key that is there twice the last counts, and of several documents the first.
 *
 * How a document is written is js-yaml's: the same document, but quotes and the order of keys may differ from OPA's.
 */
import {
  CORE_SCHEMA,
  DUMP_SCHEMA,
  defineMappingTag,
  defineScalarTag,
  defineSequenceTag,
  dump,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  realMapTag,
  seqTag,
} from 'js-yaml';
import { formatFloat } from './go-float.ts';
import { anything, array, type Family, integer, object, set, takes, text, Undefined } from './operands.ts';
import { sortedEntries, sortedMembers } from './terms.ts';
import { fractionOf, wholeOf } from './yaml-scalars.ts';
import { DEEPEST, MOST_VALUES, termOf } from './yaml-terms.ts';

/** Whether Go would write it as a whole number. */
const isWhole = (value: unknown): boolean => integer(value) && wholeOf(String(value)) !== undefined;

const int = defineScalarTag<bigint>('tag:yaml.org,2002:int', {
  implicit: true,
  resolve: (source) => wholeOf(source) ?? NOT_RESOLVED,
  identify: isWhole,
});

const float = defineScalarTag<number>('tag:yaml.org,2002:float', {
  implicit: true,
  resolve: (source, isExplicit) => fractionOf(source) ?? (isExplicit ? Number(wholeOf(source)) : NOT_RESOLVED),
  identify: (value) => typeof value === 'number' && !isWhole(value),
  represent: (value) => formatFloat(value, 'g', -1),
});

/** A tag of somebody's own, such as `!Ref`, says nothing. */
const own = { matchByTagPrefix: true, identify: () => false } as const;
const OWN_TAGS = [
  defineScalarTag('!', { ...own, resolve: (source) => source }),
  defineSequenceTag('!', { ...seqTag, ...own }),
  defineMappingTag('!', { ...realMapTag, ...own }),
];

const READS = CORE_SCHEMA.withTags(int, float, mergeTag, realMapTag, OWN_TAGS);
const WRITES = DUMP_SCHEMA.withTags(int, float);

const read = (source: string): unknown => {
  let documents: readonly unknown[];
  try {
    documents = loadAll(source, { schema: READS, json: true, maxDepth: DEEPEST, maxTotalMergeKeys: MOST_VALUES });
  } catch (error) {
    // Whatever it throws, its own documentation says, is about the document.
    throw new Undefined(error instanceof Error ? error.message : String(error));
  }
  return documents.length === 0 ? null : termOf(documents[0]);
};

const isValid = (source: unknown): boolean => {
  if (!text(source)) return false;
  try {
    read(source);
    return true;
  } catch (error) {
    if (error instanceof Undefined) return false;
    throw error;
  }
};

/** Sets as arrays, keys in order, and whole numbers that are too large for Go's as it has them then. */
const plain = (term: unknown): unknown => {
  if (typeof term === 'bigint') return wholeOf(String(term)) ?? Number(term);
  if (set(term)) return sortedMembers(term).map(plain);
  if (array(term)) return term.map(plain);
  return object(term) ? Object.fromEntries(sortedEntries(term).map(([name, value]) => [name, plain(value)])) : term;
};

const write = (term: unknown): string => dump(plain(term), { schema: WRITES, lineWidth: -1, noRefs: true });

export const YAML: Family = [
  ['yaml.is_valid', isValid],
  ['yaml.unmarshal', takes([text], read)],
  ['yaml.marshal', takes([anything], write)],
];
