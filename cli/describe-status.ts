/**
 * A status as `kubectl describe` prints it, so that what people read here and there is the same.
 *
 * @see https://github.com/kubernetes/kubectl/blob/master/pkg/describe/describe.go (printUnstructuredContent, smartLabelFor)
 */
import { isJsonObject, type JsonObject } from '../shared/conditions/status.ts';

const ACRONYMS = new Set(['API', 'URL', 'UID', 'OSB', 'GUID']);
const WORDS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|-+/g;

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

/** A value of one line. Go writes `<nil>` for what is null. */
const plainText = (value: unknown): string => (value === null ? '<nil>' : String(value));

const itemLines = (item: unknown, level: number): readonly string[] =>
  isJsonObject(item) ? contentLines(item, level) : [`${indent(level)}${plainText(item)}`];

const fieldLines = (field: string, value: unknown, level: number): readonly string[] => {
  const label = `${indent(level)}${labelOf(field)}:`;
  if (isJsonObject(value)) return [label, ...contentLines(value, level + 1)];
  if (Array.isArray(value)) return [label, ...value.flatMap((item) => itemLines(item, level + 1))];
  return [`${label}\t${plainText(value)}`];
};

const contentLines = (content: JsonObject, level: number): readonly string[] =>
  Object.keys(content)
    .sort()
    .flatMap((field) => fieldLines(field, content[field], level));

const GAP = 2;

const widthOf = (cell: string): number => [...cell].length;

/** Pads the cells of a column to the widest of their neighbours; a line without the column ends a neighbourhood. */
const padColumn = (lines: readonly string[][], column: number): void => {
  const isWithin = (line: readonly string[] | undefined): boolean => line !== undefined && column < line.length - 1;
  for (let start = 0; start < lines.length; ) {
    let end = start;
    while (isWithin(lines[end])) end += 1;
    const neighbours = lines.slice(start, end);
    const width = Math.max(0, ...neighbours.map((line) => widthOf(line[column] ?? ''))) + GAP;
    for (const line of neighbours) line[column] += ' '.repeat(width - widthOf(line[column] ?? ''));
    start = end + 1;
  }
};

/**
 * Aligns text as Go's text/tabwriter does: a tab ends a cell, also a tab that stands in a value, and a line feed in a
 * value begins a line like any other.
 *
 * @see https://pkg.go.dev/text/tabwriter
 */
const align = (text: string): string => {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const columns = Math.max(...lines.map((line) => line.length)) - 1;
  for (let column = 0; column < columns; column += 1) padColumn(lines, column);
  return lines.map((cells) => `${cells.join('')}\n`).join('');
};

/** The block `Status:`, ready to print. */
export const describeStatus = (status: JsonObject): string => align(fieldLines('status', status, 0).join('\n'));
