/**
 * What is said where a rule has no words of its own. Receivers show the scan, its artifact, the condition, the
 * vulnerabilities and the command beside it, so it says only what happened, and what that means.
 */
import type { Match } from './rules.ts';
import { compileTemplate, type Template } from './template.ts';

export interface Texts {
  readonly title: Template;
  readonly text: Template;
}

const FLAPPING = '{{#changes}}\nIt changed {{changes}} times within an hour.{{/changes}}';

const GONE = {
  title: 'Scan was recreated',
  text: 'What was wrong was of the scan that had the name before. The one that has it now is judged by itself.',
};

const texts = (
  title: readonly [firing: string, resolved: string],
  text: readonly [firing: string, resolved: string],
) => {
  const each = ([firing, resolved]: readonly [string, string], gone: string) =>
    `{{^resolved}}${firing}{{/resolved}}{{#gone}}${gone}{{/gone}}{{#resolved}}{{^gone}}${resolved}{{/gone}}{{/resolved}}`;
  return { title: compileTemplate(each(title, GONE.title)), text: compileTemplate(each(text, GONE.text) + FLAPPING) };
};

const POLICY_FAILED: Texts = texts(
  ['Policy failed', 'Policy failure is over'],
  [
    '{{#group}}Scans of {{namespace}} that found vulnerabilities that their policies forbid: {{scans}}.{{/group}}' +
      '{{^group}}The scan found vulnerabilities that its policy forbids: {{count}}.{{/group}}',
    '{{#group}}No scan of {{namespace}} fails its policy any more.{{/group}}' +
      '{{^group}}The newest run of the scan no longer fails its policy.{{/group}}',
  ],
);

const SCAN_FAILED: Texts = texts(
  ['Scan failed', 'Scan failure is over'],
  [
    '{{#group}}Scans of {{namespace}} that failed: {{scans}}.\n{{/group}}{{#error}}{{error}}\n{{/error}}' +
      'What {{#group}}they{{/group}}{{^group}}it{{/group}} should have scanned may hold vulnerabilities that nobody knows of.',
    '{{#group}}No scan of {{namespace}} fails any more.{{/group}}{{^group}}The newest run of the scan finished.{{/group}}',
  ],
);

const POLICY_ERROR: Texts = texts(
  ['Policy could not be evaluated', 'Policy is evaluated again'],
  [
    '{{#group}}Scans of {{namespace}} whose policies could not be evaluated: {{scans}}.\n{{/group}}' +
      '{{#error}}{{error}}\n{{/error}}Whether {{#group}}they are{{/group}}{{^group}}the policy is{{/group}} kept is not known.',
    '{{#group}}All policies of scans of {{namespace}} are evaluated again.{{/group}}' +
      '{{^group}}The policy gave a verdict on the newest run of the scan.{{/group}}',
  ],
);

const ANY: Texts = texts(
  ['{{condition}} is {{to}}', '{{condition}} is {{to}} now'],
  ['{{#error}}{{error}}{{/error}}', '{{#error}}{{error}}{{/error}}'],
);

const KNOWN: ReadonlyMap<string, Texts> = new Map([
  ['PolicySucceeded False', POLICY_FAILED],
  ['PolicySucceeded Unknown', POLICY_ERROR],
  ['Succeeded False', SCAN_FAILED],
]);

/** The words for a rule that has none. */
export const defaultTexts = ({ condition, to }: Pick<Match, 'condition' | 'to'>): Texts =>
  (to.length === 1 ? KNOWN.get(`${condition} ${to[0]}`) : undefined) ?? ANY;
