/** YAML from strangers: one small document without aliases, which could make a few lines into gigabytes. */
import { boolCoreTag, FAILSAFE_SCHEMA, intCoreTag, load, nullCoreTag, YAMLException } from 'js-yaml';
import { printable } from './quote.ts';
import { UnreadableReport } from './report.ts';

const MOST_DEPTH = 50;
/** In UTF-16 units. A summary of a scan has a few lines, and a line for each violation. */
const MOST_LENGTH = 4 * 1024 * 1024;

/** Without fractions: a version such as 1.10 is a text, and no report counts in them. */
const SCHEMA = FAILSAFE_SCHEMA.withTags(nullCoreTag, boolCoreTag, intCoreTag);

const OPTIONS = { schema: SCHEMA, maxAliases: 0, maxDepth: MOST_DEPTH, maxTotalMergeKeys: 0 };

const problemOf = (error: unknown): string => {
  if (!(error instanceof YAMLException)) return 'it cannot be parsed';
  const line = error.mark === null || error.mark === undefined ? '' : `, line ${error.mark.line + 1}`;
  return `${printable(error.reason)}${line}`;
};

/** Parses one document. Throws `UnreadableReport`. */
export const parseYaml = (text: string): unknown => {
  if (text.length > MOST_LENGTH)
    throw new UnreadableReport('the report is neither XML nor JSON, and longer than a scan-result in YAML may be');
  try {
    return load(text, OPTIONS);
  } catch (cause) {
    throw new UnreadableReport(`the report is neither XML nor JSON, and not YAML: ${problemOf(cause)}`, { cause });
  }
};
