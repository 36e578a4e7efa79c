/**
 * Label selectors as an API server reads them.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
type Labels = Readonly<Record<string, string>>;
export type Selects = (labels: Labels) => boolean;

/** A comma within brackets parts no requirements. */
const BETWEEN = /,(?![^(]*\))/;

const requirement = (text: string): Selects => {
  const [, name = '', is, values = ''] = /^([^\s=!()]+)\s+(in|notin)\s+\((.*)\)$/.exec(text) ?? [];
  if (is !== undefined) {
    const wanted = new Set(values.split(','));
    return (labels) => (name in labels && wanted.has(labels[name] ?? '')) === (is === 'in');
  }
  const [, key, value] = /^([^\s=!()]+)={1,2}(.*)$/.exec(text) ?? [];
  if (key !== undefined) return (labels) => labels[key] === value;
  if (/^!?[\w./-]+$/.test(text)) return (labels) => text.replace('!', '') in labels !== text.startsWith('!');
  throw new Error(`${JSON.stringify(text)} is no requirement of a label selector`);
};

/** What a selector selects; an empty one selects all. */
export const labelSelector = (selector: string): Selects => {
  const requirements = selector.split(BETWEEN).flatMap((text) => (text === '' ? [] : [requirement(text)]));
  return (labels) => requirements.every((selects) => selects(labels));
};
