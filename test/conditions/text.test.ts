/** Texts, instants and canonical JSON: what facts are made of. */
import { describe, expect, it } from '@jest/globals';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import { completeFinish, cutWorst, failedFinish, verdictTexts } from '../../shared/conditions/facts.ts';
import { instantAt, parseInstant } from '../../shared/conditions/instant.ts';
import { cleanText, cutList, cutText, MESSAGE_BYTES, textBytes } from '../../shared/conditions/text.ts';
import { second } from '../support/arbitraries.ts';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
/** What JSON spends between the quotes. */
const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;

describe('a clean text', () => {
  it('takes as many bytes as JSON spends on it', () => {
    fc.assert(fc.property(anyText, (text) => expect(textBytes(cleanText(text))).toBe(jsonBytes(cleanText(text)))));
  });

  it('has no control characters that a terminal obeys, and no lone surrogates', () => {
    expect(cleanText(' a\u001b[31m\u0007b\u009bc\ud800 \n\td ')).toBe('a [31m b c\ufffd \n\td');
  });
});

describe('cutting', () => {
  it('gives the longest start that fits and ends on a character', () => {
    fc.assert(
      fc.property(anyText.map(cleanText), fc.nat(40), (text, limit) => {
        const cut = cutText(text, limit);
        expect(text.startsWith(cut)).toBe(true);
        expect(jsonBytes(cut)).toBeLessThanOrEqual(limit);
        const [next = ''] = text.slice(cut.length);
        if (next !== '')
          expect(jsonBytes(cut + String.fromCodePoint(text.codePointAt(cut.length) ?? 0))).toBeGreaterThan(limit);
      }),
    );
  });

  it('cuts messages at 32 768 bytes and errors at 4 096', () => {
    const { message, error } = failedFinish(second(0), {
      message: 'é'.repeat(40_000),
      error: `a${'漢'.repeat(9_000)}`,
    });
    expect(Buffer.byteLength(message)).toBe(32_768);
    expect(Buffer.byteLength(error)).toBe(4_096);
  });

  it('keeps whole IDs of a list and says how many more there are', () => {
    const ids = Array.from({ length: 5_000 }, (_, at) => `CVE-2026-${10_000 + at}`);
    const { message } = verdictTexts('failed', ids, undefined);
    const [, kept = '', more] = /^Vulnerabilities that failed OPA policy: (.*) … and (\d+) more$/.exec(message) ?? [];
    expect(kept.split(', ')).toEqual(ids.slice(0, 5_000 - Number(more)));
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(Buffer.byteLength(message)).toBeGreaterThan(MESSAGE_BYTES - 20);
  });

  it('gives every list that fits whole', () => {
    expect(cutList('IDs:', ['a', 'b'], 9)).toBe('IDs: a, b');
    expect(cutList('IDs:', ['a', 'b', 'cccccccccccccccccccc'], 24)).toBe('IDs: a, b … and 1 more');
    expect(cutList('IDs:', ['cccccccccccccccccccc', 'd'], 22)).toBe('IDs: … and 2 more');
    expect(cutList('IDs:', [], 22)).toBe('IDs:');
  });

  it('keeps the worst vulnerabilities, from the first, while there is room', () => {
    const worst = Array.from({ length: 20 }, (_, at) => ({
      id: `CVE-${at}`,
      severity: 'HIGH',
      component: 'c'.repeat(200),
    }));
    const kept = cutWorst(worst);
    expect(kept.length).toBeGreaterThan(3);
    expect(kept).toEqual(worst.slice(0, kept.length));
    expect(cutWorst(worst.slice(0, 2))).toEqual(worst.slice(0, 2));
  });
});

describe('the texts of facts', () => {
  it('are the same for every success', () => {
    expect(completeFinish(second(3))).toEqual({
      at: second(3),
      outcome: 'complete',
      message: 'The scan job finished',
      error: '',
    });
  });

  it('list every ID once, sorted, whatever the sender repeats', () => {
    expect(verdictTexts('failed', ['b', 'a ', 'b', '\u0000', 'a'], 'ignored')).toEqual({
      message: 'Vulnerabilities that failed OPA policy: a, b',
    });
  });

  it('prefer what the sender says went wrong', () => {
    expect(failedFinish(second(0), { reason: 'OOMKilled', message: 'm', error: 'exit code 137' })).toMatchObject({
      reason: 'OOMKilled',
      message: 'm',
      error: 'exit code 137',
    });
  });
});

describe('canonical JSON', () => {
  it('agrees with an independent implementation of RFC 8785', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(canonicalJson(value)).toBe(canonicalize(value))));
  });

  it('leaves out what is undefined', () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
  });
});

describe('an instant', () => {
  it.each([
    ['2026-11-23T05:51:52Z', '2026-11-23T05:51:52Z'],
    ['2026-11-23T05:51:52.999999999Z', '2026-11-23T05:51:52Z'],
    ['2026-11-23t05:51:52z', '2026-11-23T05:51:52Z'],
    ['2026-11-23T05:51:52.5z', '2026-11-23T05:51:52Z'],
    ['2026-11-23T05:51:52+02:00', '2026-11-23T03:51:52Z'],
    ['2026-01-01T00:30:00-23:59', '2026-01-02T00:29:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ])('of %s is %s', (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  it.each([
    '',
    'yesterday',
    '2026-11-23',
    '2026-11-23 05:51:52Z',
    '2026-11-23T05:51:52',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T05:60:00Z',
    '2026-11-23T05:51:60Z',
    '2026-11-23T05:51:52+24:00',
    '2026-11-23T05:51:52+02:60',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+01:00',
    '+12026-11-23T05:51:52Z',
    '2026-11-23T05:51:52Z\n',
  ])('is none in %j', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it('agrees with the clock of JavaScript, cut to whole seconds', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
        const expected = `${date.toISOString().slice(0, 19)}Z`;
        expect(parseInstant(date.toISOString())).toBe(expected);
        expect(instantAt(date.getTime())).toBe(expected);
      }),
    );
  });
});
