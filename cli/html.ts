/** HTML in which whatever is put into it is text, unless it is HTML already. */

export interface Html {
  readonly html: string;
}

export type Shown = string | number | Html | undefined | readonly Shown[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const isList = (shown: Shown): shown is readonly Shown[] => Array.isArray(shown);

const written = (shown: Shown): string => {
  if (shown === undefined) return '';
  if (isList(shown)) return shown.map(written).join('');
  return typeof shown === 'object' ? shown.html : escaped(String(shown));
};

/** A template literal; what stands in its braces is escaped, in attributes too where they are in quotes. */
export const html = (texts: TemplateStringsArray, ...values: readonly Shown[]): Html => ({
  html: texts.map((text, at) => text + written(values[at])).join(''),
});
