/** Templates: what they say, what is wrong with one, and that what scans hold stays data. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { compileTemplate, type TemplateView, WrongTemplate } from '../../shared/alerts/template.ts';
import { aView } from '../support/alert-views.ts';

const problemOf = (text: string): string => {
  try {
    compileTemplate(text);
  } catch (error) {
    expect(error).toBeInstanceOf(WrongTemplate);
    return (error as Error).message;
  }
  return '';
};

describe('a template', () => {
  it.each([
    ['', ''],
    [
      '{{scan.kind}} {{scan.namespace}}/{{scan.name}}: {{condition}} is {{to}}',
      'ImageScan shop/cart: PolicySucceeded is False',
    ],
    ['{{#resolved}}over{{/resolved}}{{^resolved}}begins{{/resolved}}', 'begins'],
    [
      '{{#vulnerabilities}}{{id}} {{severity}}{{#fixedIn}} → {{fixedIn}}{{/fixedIn}}; {{/vulnerabilities}}',
      'CVE-2026-1 CRITICAL → 3.0.2; CVE-2026-2 HIGH; ',
    ],
    ['{{#group}}{{scans}} of {{namespace}}: {{#names}}{{.}} {{/names}}{{/group}}{{^group}}one{{/group}}', 'one'],
    ['{{#scan}}{{name}} {{cluster}}{{/scan}}', 'cart prod-eu'],
    ['{{#changes}}{{changes}} times{{/changes}}', ''],
    ['{{! said to nobody }}{{count}}', '2'],
  ])('%s', (text, said) => {
    expect(compileTemplate(text)(aView())).toBe(said);
  });

  it('names the scans of a group', () => {
    const group = { namespace: 'shop', scans: 3, names: ['cart', 'till', 'web'] };
    const template = compileTemplate('{{#group}}{{scans}} of {{namespace}}: {{#names}}{{.}} {{/names}}{{/group}}');
    expect(template(aView({ group }))).toBe('3 of shop: cart till web ');
  });

  it('escapes nothing, and reads no value as a template', () => {
    const error = `<b>&"'/\`= {{scan.name}} {{{cluster}}} {{#x}} {{> y}} {{=<% %>=}}`;
    expect(compileTemplate('{{error}}')(aView({ error }))).toBe(error);
    expect(compileTemplate('{{#error}}{{error}}{{/error}}')(aView({ error }))).toBe(error);
  });

  it.each(
    [
      ['{{scan.nmae}}', '{{scan.nmae}}: there is no such name; scan has kind, namespace, name, uid'],
      [
        '{{sacn.name}}',
        '{{sacn.name}}: there is no such name; there are cluster, rule, severity, resolved, gone, scan, run, condition, to, from, reason, error, artifact, vulnerabilities, more, count, command, at, since, group, changes',
      ],
      ['{{constructor}}', '{{constructor}}: there is no such name; there are cluster,'],
      ['{{artifact.length}}', '{{artifact.length}}: there is no such name; there are cluster,'],
      [
        '{{#vulnerabilities}}{{name}}{{/vulnerabilities}}',
        '{{name}}: there is no such name; there are id, severity, component, fixedIn, cluster,',
      ],
      ['{{^vulnerabilities}}{{id}}{{/vulnerabilities}}', '{{id}}: there is no such name; there are cluster,'],
      ['{{#rseolved}}x{{/rseolved}}', '{{rseolved}}: there is no such name; there are cluster,'],
      ['{{.}}', '{{.}}: there is no such name; there are cluster,'],
      ['{{scan}}', '{{scan}} is no text: it stands for a section'],
      ['{{vulnerabilities}}', '{{vulnerabilities}} is no text: it stands for a section'],
      [
        '{{#vulnerabilities}}{{#vulnerabilities}}{{id}}{{/vulnerabilities}}{{/vulnerabilities}}',
        '{{#vulnerabilities}} must not stand within itself',
      ],
      ['{{> other}}', '{{> other}}: there are no partials'],
      ['{{=<% %>=}}<% scan %>', 'the delimiters must stay {{ and }}'],
      ['{{{error}}}', '{{error}} in two braces is enough: nothing is escaped before a receiver does it'],
      ['{{& error}}', '{{error}} in two braces is enough: nothing is escaped before a receiver does it'],
      ['it is {{scan.name', '{{scan.name is not closed: }} is missing'],
      ['{{{error}}', 'Unclosed tag at 10'],
      ['{{#resolved}}x', 'Unclosed section "resolved" at 14'],
      ['{{#resolved}}x{{/group}}', 'Unclosed section "resolved" at 14'],
      ['x{{/resolved}}', 'Unopened section "resolved" at 1'],
      ['x'.repeat(4_097), 'must not be longer than 4096 characters'],
    ].map(([text, problem]) => [problem, text] as const),
  )('with a mistake in it is told so: %s', (problem = '', text = '') => {
    expect(problemOf(text).startsWith(problem)).toBe(true);
  });

  it('makes a text of bounded length, however long the values are and however often they stand', () => {
    const all = '{{#vulnerabilities}}{{#group.names}}{{error}}{{id}}{{.}}{{/group.names}}{{/vulnerabilities}}';
    const text = compileTemplate(all.repeat(40))(
      aView({
        error: 'e'.repeat(4_096),
        vulnerabilities: Array(100).fill({ id: 'i'.repeat(1_000), severity: 'HIGH' }),
        group: { namespace: 'shop', scans: 100, names: Array(100).fill('n'.repeat(253)) },
      }),
    );
    expect(text).toHaveLength(16_384);
    expect(text.endsWith('…')).toBe(true);
  });

  it('says each value as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
        const view: TemplateView = aView({ error: value, scan: { ...aView().scan, name: value } });
        expect(compileTemplate('a {{scan.name}} b {{error}} c')(view)).toBe(`a ${value} b ${value} c`);
      }),
    );
  });

  it('is read or refused, whatever it holds, and what is read can be said', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{{{',
      '}}}',
      '#',
      '/',
      '^',
      '.',
      '>',
      '=',
      '!',
      '&',
      ' ',
      '\n',
      'scan',
      'name',
      'vulnerabilities',
      'id',
      'group',
      'names',
      '{{#scan}}',
      '{{/scan}}',
      '{{#vulnerabilities}}',
      '{{/vulnerabilities}}',
      '{{id}}',
      '{{.}}',
      '{{scan.name}}',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        if (problemOf(text) === '') expect(compileTemplate(text)(aView())).not.toMatch(/\[object|undefined|function/);
      }),
      { numRuns: 2_000 },
    );
  });
});
