/**
 * A status as `kubectl describe` prints it, so that what people read here and there is the same.
 *
 * @see https://github.com/kubernetes/kubectl/blob/master/pkg/describe/describe.go (printUnstructuredContent, smartLabelFor)
 */
import { isJsonObject, type JsonObject } from '../shared/conditions/status.ts';

/** A line: its text up to the value, and the value, where it has one. */
interface Line {
  readonly label: string;
  readonly value?: string;
}

const ACRONYMS = new Set(['API', 'URL', 'UID', 'OSB', 'GUID']);
const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|-/g;

/** `lastTransitionTime` is read `Last Transition Time`; a name with other characters than letters stays as it is. */
const labelOf = (field: string): string => {
  if (!/^[A-Za-z-]+$/.test(field)) return field;
  const words = field.match(WORDS) ?? [field];
  return words
    .map((word) =>
      ACRONYMS.has(word.toUpperCase()) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join(' ');
};

const indent = (level: number): string => '  '.repeat(level);

const valueLines = (value: unknown, level: number): readonly Line[] =>
  isJsonObject(value) ? contentLines(value, level) : [{ label: `${indent(level)}${String(value)}` }];

const fieldLines = (field: string, value: unknown, level: number): readonly Line[] => {
  const label = `${indent(level)}${labelOf(field)}:`;
  if (isJsonObject(value)) return [{ label }, ...contentLines(value, level + 1)];
  if (Array.isArray(value)) return [{ label }, ...value.flatMap((item) => valueLines(item, level + 1))];
  return [{ label, value: value === null ? '<nil>' : String(value) }];
};

const contentLines = (content: JsonObject, level: number): readonly Line[] =>
  Object.keys(content)
    .sort()
    .flatMap((field) => fieldLines(field, content[field], level));

const GAP = 2;

/** Aligns the values of neighbouring lines, as Go's text/tabwriter does; a line without a value ends a block. */
const align = (lines: readonly Line[]): string => {
  const widths = new Array<number>(lines.length).fill(0);
  for (let start = 0; start < lines.length; ) {
    let end = start;
    while (lines[end]?.value !== undefined) end += 1;
    widths.fill(Math.max(0, ...lines.slice(start, end).map(({ label }) => [...label].length)) + GAP, start, end);
    start = end + 1;
  }
  return lines
    .map(({ label, value }, at) => (value === undefined ? `${label}\n` : `${label.padEnd(widths[at] ?? 0)}${value}\n`))
    .join('');
};

/** The block `Status:`, ready to print. */
export const describeStatus = (status: JsonObject): string => align(fieldLines('status', status, 0));
