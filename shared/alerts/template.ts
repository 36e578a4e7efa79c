/**
 * The texts of rules: Mustache, which knows no logic, over plain data.
 *
 * Nothing is escaped here, since each receiver escapes in its own way; and no value is ever read as a template.
 *
 * @see https://mustache.github.io/mustache.5.html
 */
import mustache, { type TemplateSpans } from 'mustache';
import type { ScanRef } from '../conditions/facts.ts';
import type { AlertSeverity, NamedVulnerability } from './alert.ts';
import { shorten } from './receivers/texts.ts';
import { problemOf, type ShapeOf } from './template-names.ts';

/** What a template may name. Every text in it may come from a scan: it is data, and no template. */
export interface TemplateView {
  readonly cluster: string;
  readonly rule: string;
  readonly severity: AlertSeverity;
  /** Whether the reason is gone. */
  readonly resolved: boolean;
  /** Whether that is because the scan is gone: another has its name. */
  readonly gone: boolean;
  readonly scan: ScanRef;
  readonly run: { readonly uid: string; readonly age: string };
  readonly condition: string;
  readonly to: string;
  readonly from?: string;
  readonly reason?: string;
  /** The condition's `error`, cut. */
  readonly error?: string;
  readonly artifact?: string;
  /** The worst first. */
  readonly vulnerabilities: readonly NamedVulnerability[];
  /** How many there are beyond those. */
  readonly more: number;
  /** How many there are. */
  readonly count: number;
  readonly command: string;
  readonly at: string;
  readonly since: string;
  readonly group?: { readonly namespace: string; readonly scans: number; readonly names: readonly string[] };
  /** How often it changed within an hour, where that is often. */
  readonly changes?: number;
}

/** Renders a text, not yet escaped for a receiver. */
export type Template = (view: TemplateView) => string;

/** What is wrong with a template, in one line. */
export class WrongTemplate extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'WrongTemplate';
  }
}

const SCAN: ShapeOf<ScanRef> = { kind: 'value', namespace: 'value', name: 'value', uid: 'value' };
const VULNERABILITY: ShapeOf<NamedVulnerability> = {
  id: 'value',
  severity: 'value',
  component: 'value',
  fixedIn: 'value',
};

const VIEW: ShapeOf<TemplateView> = {
  cluster: 'value',
  rule: 'value',
  severity: 'value',
  resolved: 'value',
  gone: 'value',
  scan: SCAN,
  run: { uid: 'value', age: 'value' },
  condition: 'value',
  to: 'value',
  from: 'value',
  reason: 'value',
  error: 'value',
  artifact: 'value',
  vulnerabilities: [VULNERABILITY],
  more: 'value',
  count: 'value',
  command: 'value',
  at: 'value',
  since: 'value',
  group: { namespace: 'value', scans: 'value', names: ['value'] },
  changes: 'value',
};

/** UTF-16 units of a template, and of what is made of it. */
export const LONGEST_TEMPLATE = 4_096;
const LONGEST_TEXT = 16_384;
const LONGEST_SHOWN = 40;

/** The last tag, where nothing closes it. */
const openTag = (text: string): string | undefined => {
  const tag = text.slice(text.lastIndexOf('{{'));
  return tag.startsWith('{{') && !tag.includes('}}') ? shorten(tag, LONGEST_SHOWN) : undefined;
};

const parse = (text: string): TemplateSpans => {
  const open = openTag(text);
  if (open !== undefined) throw new WrongTemplate(`${open} is not closed: }} is missing`);
  try {
    return new mustache.Writer().parse(text);
  } catch (cause) {
    // The library's own words, which name the section.
    throw new WrongTemplate((cause as Error).message, { cause });
  }
};

/** Reads a template. Throws `WrongTemplate`, naming the tag that is wrong. */
export const compileTemplate = (text: string): Template => {
  if (text.length > LONGEST_TEMPLATE) throw new WrongTemplate(`must not be longer than ${LONGEST_TEMPLATE} characters`);
  const tags = parse(text);
  const problem = problemOf(tags, VIEW);
  if (problem !== undefined) throw new WrongTemplate(problem);
  const writer = new mustache.Writer();
  // What the library's types call these here is not what they call them where they are made.
  const tokens = tags as unknown as string[][];
  return (view) => {
    // One more than may stay, so that it shows where something is left out.
    let left = LONGEST_TEXT + 1;
    const bounded = (value: unknown): string => {
      const piece = String(value).slice(0, Math.max(left, 0));
      left -= piece.length;
      return piece;
    };
    const said = writer.renderTokens(tokens, new mustache.Context(view), undefined, text, { escape: bounded });
    return shorten(said, LONGEST_TEXT);
  };
};
