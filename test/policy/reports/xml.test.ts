/** XML as JSON: the shape that policies were written for, and nothing of XML that no report needs. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UnreadableReport } from '../../../shared/policy/reports/report.ts';
import { parseXml } from '../../../shared/policy/reports/xml.ts';

const problemOf = (text: string): string => {
  try {
    parseXml(text);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableReport);
    return error instanceof UnreadableReport ? error.message : '';
  }
};

describe('XML as JSON', () => {
  it.each([
    ['an empty element as an empty text', '<a/>', { a: '' }],
    ['an element of blanks as an empty text', '<a> \r\n\t</a>', { a: '' }],
    ['every scalar as a text', '<a><n>1</n><t>true</t></a>', { a: { n: '1', t: 'true' } }],
    ['a text without the blanks around it', '<a>\n  b\n c </a>', { a: 'b\n c' }],
    ['a text with blanks that are none of XML', '<a>\u00a0b\u2003</a>', { a: '\u00a0b\u2003' }],
    ['attributes with a hyphen before them', '<a x=" 1 " y=""/>', { a: { '-x': ' 1 ', '-y': '' } }],
    ['a text beside attributes', '<a x="1"> b </a>', { a: { '-x': '1', '#text': 'b' } }],
    ['a text beside children', '<a>b<c/></a>', { a: { '#text': 'b', c: '' } }],
    ['one child as it is', '<a><b>1</b></a>', { a: { b: '1' } }],
    ['two children of one name as a list', '<a><b>1</b><c/><b x="2"/></a>', { a: { b: ['1', { '-x': '2' }], c: '' } }],
    ['three children of one name as a list', '<a><b/><b>1</b><b><c/></b></a>', { a: { b: ['', '1', { c: '' }] } }],
    ['no prefixes', '<p:a xmlns:p="u"><p:b p:c="1"/><b/></p:a>', { a: { '-p': 'u', b: [{ '-c': '1' }, ''] } }],
    ['namespaces as attributes', '<a xmlns="u" xmlns:v="w"/>', { a: { '-xmlns': 'u', '-v': 'w' } }],
    [
      'the five entities and characters',
      '<a x="&quot;&apos;">&lt;&amp;&gt;&#65;&#x1F980;</a>',
      { a: { '-x': '"\'', '#text': '<&>A🦀' } },
    ],
    ['CDATA as text', '<a><![CDATA[<b>&amp;]]></a>', { a: '<b>&amp;' }],
    ['a text that is divided as one', '<a>b<!-- x -->c<![CDATA[ d]]><?y?>e</a>', { a: 'bc de' }],
    ['blanks between pieces of a text', '<a>b<!-- x --> <![CDATA[ ]]>c</a>', { a: 'b  c' }],
    ['line ends as line feeds', '<a>b\r\nc\rd</a>', { a: 'b\nc\nd' }],
    ['nothing around the root', '<?xml version="1.0"?>\n<!-- x --><?y z?><a/>\n<!-- x -->\n', { a: '' }],
    [
      'names that every object has',
      '<a><constructor/><toString>1</toString><toString>2</toString></a>',
      { a: { constructor: '', toString: ['1', '2'] } },
    ],
  ])('shows %s', (_, text, expected) => {
    expect(parseXml(text)).toEqual(expected);
  });

  it('shows the same whatever portions the parser is given', () => {
    // Longer than several portions, so that every kind of piece falls onto a border.
    const piece = `<vulnerability ref="a&amp;b"><id>CVE-é-🦀</id><x><![CDATA[<]]></x><!-- - --></vulnerability>\r\n`;
    const count = Math.ceil(1_500_000 / piece.length);
    const { bom } = parseXml(`<bom>${piece.repeat(count)}</bom>`);
    const one = { '-ref': 'a&b', id: 'CVE-é-🦀', x: '<' };
    expect(bom).toEqual({ vulnerability: Array.from({ length: count }, () => one) });
  });
});

describe('XML that is refused', () => {
  it.each([
    ['a document type', '<!DOCTYPE a><a/>', 'document type'],
    ['entities of its own', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'document type'],
    [
      'billions of laughs',
      '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><l>&c;</l>',
      'document type',
    ],
    ['a file from outside', '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>', 'document type'],
    ['a document type from outside', '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>', 'document type'],
    ['an entity that is not declared', '<a>&nbsp;</a>', 'is not XML: undefined entity. (line 1, column 9)'],
    [
      'another encoding',
      '<?xml version="1.0" encoding="UTF-16"?><a/>',
      'says that it is UTF-16, and only UTF-8 is read',
    ],
    ['another version', '<?xml version="1.1"?><a/>', 'is of version 1.1, and only 1.0 is read'],
    ['tags that do not match', '<a>\n<b></a>', 'is not XML: unexpected close tag. (line 2, column 7)'],
    ['an attribute twice', '<a b="1" b="2"/>', 'is not XML: duplicate attribute: b.'],
    ['attributes that differ in their prefixes alone', '<a v:b="1" b="2"/>', 'has two attributes b in one element'],
    ['two roots', '<a/><b/>', 'is not XML'],
    ['text after the root', '<a/>level=info', 'is not XML: text data outside of root node.'],
    ['control characters', '<a>\u0000</a>', 'is not XML: disallowed character.'],
    ['control characters by reference', '<a>&#0;</a>', 'is not XML'],
    ['an element __proto__', '<a><__proto__><x/></__proto__></a>', 'has something named __proto__'],
    ['an element __proto__ of a prefix', '<a><v:__proto__/></a>', 'has something named __proto__'],
    ['a name that is too long', `<${'a'.repeat(201)}/>`, 'has a name longer than 200 characters'],
    ['what is too deep', `${'<a>'.repeat(101)}${'</a>'.repeat(101)}`, 'nests deeper than 100 elements'],
    [
      'too many attributes',
      `<a ${Array.from({ length: 101 }, (_, at) => `a${at}=""`).join(' ')}/>`,
      'more than 100 attributes',
    ],
    [
      'too many names',
      `<a>${Array.from({ length: 2_000 }, (_, at) => `<a${at}/>`).join('')}</a>`,
      'more than 2000 different names',
    ],
    ['too many elements', `<a>${'<b/>'.repeat(4_000_000)}</a>`, 'has more than 4000000 elements'],
    ['a text that is too long', `<a>${'b'.repeat(1_400_000)}</a>`, 'longer than 1 MiB'],
    ['a comment that is too long', `<a><!--${'- '.repeat(700_000)}--></a>`, 'longer than 1 MiB'],
    ['a document type that never ends', `<!DOCTYPE a [${'<!ENTITY a "b">'.repeat(100_000)}`, 'longer than 1 MiB'],
  ])('is %s', (_, text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it('takes what is just within the bounds', () => {
    const deep = `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`;
    const attributes = Array.from({ length: 100 }, (_, at) => `a${at}=""`).join(' ');
    const comments = `<a>${'<!-- b -->'.repeat(200_000)}</a>`;
    expect([deep, comments, `<a ${attributes}/>`, `<a>${'b'.repeat(1_000_000)}</a>`].map(problemOf)).toEqual([
      '',
      '',
      '',
      '',
    ]);
  });

  it('says of a cut text that it ends in the middle', () => {
    const whole = '<?xml version="1.0"?><a b="c"><!-- d --><e>f &amp; g</e><![CDATA[h]]><?i j?></a>';
    for (let end = 1; end < whole.length; end += 1) {
      expect(problemOf(whole.slice(0, end))).toContain('the report ends in the middle of its XML');
    }
  });

  it('is never an error of another kind', () => {
    const parts = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      ' ',
      '=',
      '"',
      '&',
      ';',
      '!',
      '--',
      '[CDATA[',
      ']]>',
      '?',
      '#x',
      '\ud800',
      '<a>',
      '</a>',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 40 }), (some) => {
        expect(problemOf(`<a>${some.join('')}`)).toMatch(/^(?:the report.{1,200})?$/u);
      }),
      { numRuns: 3_000 },
    );
  });
});
