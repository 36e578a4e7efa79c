/** Elements, and XML as different programs write it: with prefixes or without, blanks, comments, CDATA. */
import fc from 'fast-check';

export interface Element {
  readonly name: string;
  /** Whether it belongs to the extension, whose prefix is the writer's choice. */
  readonly isExtension?: boolean;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly content: readonly Element[] | string;
}

export interface XmlStyle {
  readonly declaration: string;
  readonly newLine: string;
  /** The prefix of CycloneDX's own elements; none where it is the default namespace. */
  readonly prefix: string;
  readonly extensionPrefix: string;
  readonly text: 'escaped' | 'cdata' | 'divided';
  readonly comment: string;
}

export const xmlStyles: fc.Arbitrary<XmlStyle> = fc.record({
  declaration: fc.constantFrom(
    '',
    '<?xml version="1.0"?>',
    '\ufeff<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n',
  ),
  newLine: fc.constantFrom('', '\n  ', '\r\n\t'),
  prefix: fc.constantFrom('', '', 'cdx:'),
  extensionPrefix: fc.constantFrom('v:', 'vuln:'),
  text: fc.constantFrom('escaped', 'escaped', 'cdata', 'divided'),
  comment: fc.constantFrom('', '<!-- a <comment> & more -->', '<?a processing instruction?>'),
});

/** An element; children that are undefined are left out. */
export const element = (
  name: string,
  content: readonly (Element | undefined)[] | string,
  attributes: Readonly<Record<string, string | undefined>> = {},
): Element => ({
  name,
  content: typeof content === 'string' ? content : content.filter((child) => child !== undefined),
  attributes: Object.fromEntries(
    Object.entries(attributes).filter((pair): pair is [string, string] => pair[1] !== undefined),
  ),
});

/** An element of a text; absent where the text is. */
export const leaf = (name: string, text: string | number | undefined): Element | undefined =>
  text === undefined ? undefined : element(name, String(text));

/** The element and all that is in it, as the extension's. */
export const extension = ({ content, ...rest }: Element): Element => ({
  ...rest,
  isExtension: true,
  content: typeof content === 'string' ? content : content.map(extension),
});

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&#60;').replaceAll('>', '&gt;').replaceAll('"', '&#x22;');

const written = (text: string, style: XmlStyle): string => {
  if (style.text === 'escaped' || text.includes(']]>') || text === '') return escaped(text);
  if (style.text === 'cdata') return `<![CDATA[${text}]]>`;
  const characters = [...text];
  const middle = characters.length >> 1;
  return `${escaped(characters.slice(0, middle).join(''))}<!-- --><![CDATA[${characters.slice(middle).join('')}]]>`;
};

/** Writes an element. */
export const writeXml = ({ name, isExtension, attributes = {}, content }: Element, style: XmlStyle): string => {
  const tag = `${isExtension ? style.extensionPrefix : style.prefix}${name}`;
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const inside =
    typeof content === 'string'
      ? written(content, style)
      : content.map((child) => `${style.newLine}${style.comment}${writeXml(child, style)}`).join('');
  return inside === '' ? `<${tag}${pairs.join('')}/>` : `<${tag}${pairs.join('')}>${inside}</${tag}>`;
};
