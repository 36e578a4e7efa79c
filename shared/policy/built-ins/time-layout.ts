/** Layouts of Go's `time`: how the reference time, `Mon Jan 2 15:04:05 MST 2006`, is written. */
import { remembered } from './remembered.ts';

/** Layouts that have a name. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['ANSIC', 'Mon Jan _2 15:04:05 2006'],
  ['UnixDate', 'Mon Jan _2 15:04:05 MST 2006'],
  ['RubyDate', 'Mon Jan 02 15:04:05 -0700 2006'],
  ['RFC822', '02 Jan 06 15:04 MST'],
  ['RFC822Z', '02 Jan 06 15:04 -0700'],
  ['RFC850', 'Monday, 02-Jan-06 15:04:05 MST'],
  ['RFC1123', 'Mon, 02 Jan 2006 15:04:05 MST'],
  ['RFC1123Z', 'Mon, 02 Jan 2006 15:04:05 -0700'],
  ['RFC3339', '2006-01-02T15:04:05Z07:00'],
  ['RFC3339Nano', '2006-01-02T15:04:05.999999999Z07:00'],
]);

export interface Layout {
  readonly parts: readonly LayoutPart[];
  /** What stands after the last element. */
  readonly rest: string;
}

export interface LayoutPart {
  readonly before: string;
  /** As the layout spells it: `Jan`, `02`, `.000`. */
  readonly element: string;
}

/** `Month` holds no `Mon`, and `_2006` is a year after a line. */
const ELEMENT =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|__2|_2(?!006)|[345]|PM|pm|[-Z]07(?:0000|:00:00|00|:00)?|[.,](?:0+|9+)(?!\d)/g;

/** Reads a layout, or the name of one. */
export const readLayout = remembered((written): Layout => {
  const layout = NAMED.get(written) ?? written;
  const parts: LayoutPart[] = [];
  let end = 0;
  for (const { 0: element, index } of layout.matchAll(ELEMENT)) {
    parts.push({ before: layout.slice(end, index), element });
    end = index + element.length;
  }
  return { parts, rest: layout.slice(end) };
});

/** `.000` and `,999`. */
export const isFraction = (element: string | undefined): boolean => /^[.,]/.test(element ?? '');
