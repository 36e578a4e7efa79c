/** Reports that are as large as they may be, and made to hurt: each is read or refused in time. */
import { describe, expect, it } from '@jest/globals';
import { parseReport } from '../../../shared/policy/reports/read-report.ts';
import { problemOf } from '../../support/reports-problem.ts';

const LARGEST = 64 * 1024 * 1024;
/** Far more than it takes, and far less than it takes where it grows with the square. */
const SECONDS = 15;

const filled = (start: string, piece: string, end = ''): Buffer => {
  const count = Math.floor((LARGEST - start.length - end.length) / piece.length);
  return Buffer.concat([Buffer.from(start), Buffer.alloc(count * piece.length, piece), Buffer.from(end)]);
};

const BOM = '{"bomFormat":"CycloneDX","specVersion":"1.5",';
const XML = '<bom xmlns="http://cyclonedx.org/schema/bom/1.5">';

describe('a report of 64 MiB', () => {
  it(
    'may be one text',
    () => {
      const { report } = parseReport(filled(`${BOM}"x":"`, 'a', '"}'));
      expect(report.cveCount.CVETOTAL).toBe(0);
    },
    SECONDS * 1_000,
  );

  it.each([
    ['a list inside of another, and so on', filled('', '['), 'nests deeper than 100 levels'],
    ['an object inside of another, and so on', filled('', '{"a":'), 'nests deeper than 100 levels'],
    ['a text and nothing else', filled('"', 'a', '"'), 'neither XML nor JSON'],
    ['more objects than anybody needs', filled(`${BOM}"x":[`, '{},', '{}]}'), 'holds more than 4000000 values'],
    ['an element inside of another, and so on', filled(XML, '<a>'), 'nests deeper than 100 elements'],
    ['attributes', filled('<bom ', 'a="" '), 'more than 100 attributes'],
    ['a comment that the parser gathers bit by bit', filled(`${XML}<!--`, '- '), 'longer than 1 MiB'],
    ['references to characters', filled(XML, '&amp;'), 'longer than 1 MiB'],
    ['blanks', filled('', ' '), 'the report is empty'],
    ['bytes that begin nothing', Buffer.alloc(LARGEST, 0x80), 'the report is not UTF-8'],
  ])(
    'is refused in time as %s',
    (_, report, problem) => {
      expect(problemOf(report)).toMatch(problem);
    },
    SECONDS * 1_000,
  );
});

describe('what is told once for many findings', () => {
  const many = 100_000;

  it(
    'is read once: the ratings of a vulnerability that affects many',
    () => {
      const ratings = Array.from({ length: many }, () => ({ severity: 'low' }));
      const affects = Array.from({ length: many }, () => ({ ref: 'a' }));
      const text = JSON.stringify({
        bomFormat: 'CycloneDX',
        specVersion: '1.5',
        vulnerabilities: [{ ratings, affects }],
      });
      expect(parseReport(Buffer.from(text)).report.cveCount.LOW).toBe(many);
    },
    SECONDS * 1_000,
  );

  it(
    'is read once: a recommendation of many clauses',
    () => {
      const affects = Array.from({ length: many }, () => ({ ref: 'a' }));
      const recommendation = 'Upgrade a to version 1; '.repeat(many);
      const text = JSON.stringify({
        bomFormat: 'CycloneDX',
        specVersion: '1.5',
        vulnerabilities: [{ recommendation, affects }],
      });
      expect(parseReport(Buffer.from(text)).report.findings[many - 1]?.fixedIn).toBe('1');
    },
    SECONDS * 1_000,
  );

  it(
    'is looked at briefly: the tags and the help of a rule of many results',
    () => {
      const tags = Array.from({ length: many }, () => 'security');
      const rules = [{ id: 'a', help: { text: 'x'.repeat(many) }, properties: { tags } }];
      const results = Array.from({ length: many }, () => ({ ruleId: 'a' }));
      const text = JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver: { rules } }, results }] });
      expect(parseReport(Buffer.from(text)).report.cveCount.MEDIUM).toBe(many);
    },
    SECONDS * 1_000,
  );
});
