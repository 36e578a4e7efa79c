/** Texts on their way to people: nothing in them that cannot be seen, and cut where a character ends. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  bytes,
  listWithin,
  oneLine,
  shorten,
  unlinked,
  utf16,
  visible,
} from '../../../shared/alerts/receivers/texts.ts';
import { UNSEEN } from '../../support/receivers/alerts.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('a text', () => {
  it('loses what cannot be seen or turns it around', () => {
    expect(visible('a\u202eb\u200bc\u{e0041}d\u0007e\u2028f\ud800')).toBe('abcd e f\ufffd');
    expect(visible('two\nlines')).toBe('two\nlines');
    expect(oneLine(' two\r\n\tlines ')).toBe('two lines');
    fc.assert(fc.property(anyText, (text) => !UNSEEN.test(visible(text))));
  });

  it('holds no address that somebody makes a link of', () => {
    expect(unlinked('see https://a.example or WWW.b.example')).toBe('see https: //a.example or www .b.example');
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['𝕏𝕏𝕏𝕏', 6, '𝕏𝕏…'],
    ['ab', 1, '…'],
  ])('%s in %d UTF-16 units is %s', (text, most, short) => {
    expect(shorten(text, most)).toBe(short);
  });

  it('is cut in the receiver’s units, and no character or entity of it is cut apart', () => {
    expect(shorten('ééé', 5, { size: bytes })).toBe('é…');
    expect(shorten('<<<', 9, { write: () => '&lt;' })).toBe('&lt;&lt;…');
    fc.assert(
      fc.property(anyText, fc.integer({ min: 3, max: 40 }), fc.constantFrom(utf16, bytes), (text, most, size) => {
        const short = shorten(text, most, { size });
        expect(size(short)).toBeLessThanOrEqual(most);
        if (size(text) <= most) expect(short).toBe(text);
        else expect(text.startsWith(short.slice(0, -1)) && short.endsWith('…')).toBe(true);
      }),
    );
  });

  it('that lists is cut between lines, and says how many are left', () => {
    const lines = ['one', 'two', 'three'];
    expect(listWithin(lines, 0, 13)).toBe('one\ntwo\nthree');
    expect(listWithin(lines, 4, 100)).toBe('one\ntwo\nthree\n… and 4 more');
    expect(listWithin(lines, 4, 16)).toBe('one\n… and 6 more');
    expect(listWithin(lines, 0, 12, bytes)).toBe('');
    expect(listWithin([], 0, 12)).toBe('');
  });
});
