/** Every format, read: what was written is what is told, and what is no report is an error that says why. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REPORT_FORMATS } from '../../../shared/events/report-ready.ts';
import { parseReport, READERS } from '../../../shared/policy/reports/read-report.ts';
import { reportArbitrary } from '../../support/reports.ts';
import { problemOf } from '../../support/reports-problem.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe.each(REPORT_FORMATS)('a report in %s', (format) => {
  it('tells what was written into it, by its content and by its name', () => {
    fc.assert(
      fc.property(reportArbitrary(format), fc.boolean(), ({ text, ...expected }, isNamed) => {
        expect(parseReport(bytes(text), isNamed ? format : undefined).report).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('is recognised by no other format', () => {
    fc.assert(
      fc.property(reportArbitrary(format), ({ text }) => {
        const { document } = parseReport(bytes(text));
        expect(READERS.filter(({ recognises }) => recognises(document)).map((reader) => reader.format)).toEqual([
          format,
        ]);
      }),
    );
  });

  it('is refused under the name of another, which both are told', () => {
    const others = fc.constantFrom(...REPORT_FORMATS.filter((other) => other !== format));
    fc.assert(
      fc.property(reportArbitrary(format), others, ({ text }, other) => {
        expect(problemOf(text, other)).toBe(`the report is said to be ${other}, and is ${format}`);
      }),
    );
  });
});

describe('the document of a report', () => {
  it.each([
    ['the JSON', '{"matches":[],"x":{"y":[1,null]}}', { matches: [], x: { y: [1, null] } }],
    [
      'the JSON of the XML',
      '<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><a/></bom>',
      { bom: { '-xmlns': 'http://cyclonedx.org/schema/bom/1.4', a: '' } },
    ],
    [
      'the YAML',
      'scan: {cveCount: {critical: 1, high: 0, medium: 0, low: 0, unknown: 0}}\n',
      { scan: { cveCount: { critical: 1, high: 0, medium: 0, low: 0, unknown: 0 } } },
    ],
  ])('is %s', (_, text, document) => {
    expect(parseReport(bytes(text)).document).toEqual(document);
  });

  it('is read of XML that is JSON already', () => {
    const xml =
      '<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><vulnerabilities><vulnerability><id>CVE-1</id></vulnerability></vulnerabilities></bom>';
    const { report, document } = parseReport(bytes(xml));
    expect(parseReport(bytes(JSON.stringify(document))).report).toEqual(report);
  });
});

describe('what is no report', () => {
  it.each([
    ['nothing', '', 'the report is empty'],
    ['blanks alone', ' \r\n\t', 'the report is empty'],
    ['a byte order mark alone', '\ufeff', 'the report is empty'],
    ['a list', '[1]', /^the report is not one of cyclonedx-json, .*scan-result: at its root is a list$/],
    ['a text', 'level=info msg="scanning"', /at its root is no object$/],
    ['an object of nothing known', '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}', /at its root is a, b, c, d, e, …$/],
    ['HTML', '<html><body/></html>', /at its root is html$/],
    ['a bom of no namespace', '<bom><vulnerabilities/></bom>', /at its root is bom$/],
    [
      'a report of two formats',
      '{"matches":[],"runs":[]}',
      'the report could be grype and sarif: at its root is matches, runs',
    ],
    [
      'names that would break the line',
      JSON.stringify({ 'a\nb\u0000\u202e': 1, ['x'.repeat(99)]: 1 }),
      /is a\?b\?\?, x{60}…$/,
    ],
  ])('says so of %s', (_, text, expected) => {
    expect(problemOf(text)).toMatch(expected);
  });

  it('says what it was said to be', () => {
    expect(problemOf('{"a":1}', 'trivy')).toBe('the report is not trivy: at its root is a');
  });

  it('says that its last character was cut', () => {
    const whole = Buffer.from('{"matches":"é');
    expect(problemOf(whole.subarray(0, -1))).toBe(
      'the report ends in the middle: of a character, at byte 13, its last',
    );
  });

  it('says that it is not UTF-8', () => {
    expect(problemOf(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toBe('the report is not UTF-8');
    expect(problemOf(Buffer.from('\ufeff{"matches":[]}', 'utf16le'))).toBe('the report is not UTF-8');
  });

  it('is never anything but unreadable, whatever bytes they are', () => {
    const starts = fc.constantFrom('', '{', '<', '[', '<?xml ', '{"matches":', '<bom ', 'scan:\n', '---\n');
    fc.assert(
      fc.property(starts, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        expect(problemOf(Buffer.concat([Buffer.from(start), rest]))).not.toBe('');
      }),
      { numRuns: 2_000 },
    );
  });

  it('is told in one printable line', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom('{"', '<', 'a: [', ''),
        (text, start) => {
          expect(problemOf(`${start}${text}`)).toMatch(/^[\p{L}\p{N}\p{P}\p{S} ]{1,400}$/u);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
