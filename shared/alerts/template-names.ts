/** What a template names, held against what there is: so that a typing error is told when the template is read. */
import type { TemplateSpans } from 'mustache';

/** A text, a number or a truth; a list of one kind of thing; or a thing with names of its own. */
export type Shape = 'value' | readonly [Shape] | { readonly [name: string]: Shape };

/** The shape of a type: its names, all of them. */
export type ShapeOf<T> = T extends readonly (infer Item)[]
  ? readonly [ShapeOf<Item>]
  : T extends object
    ? { readonly [Name in keyof T]-?: ShapeOf<NonNullable<T[Name]>> }
    : 'value';

/** Within which things a tag stands, the innermost first, and which of the lists. */
interface Place {
  readonly things: readonly Shape[];
  readonly lists: readonly Shape[];
}

const isThing = (shape: Shape | undefined): shape is { readonly [name: string]: Shape } =>
  typeof shape === 'object' && !Array.isArray(shape);

const own = (shape: Shape | undefined, name: string): Shape | undefined =>
  isThing(shape) && Object.hasOwn(shape, name) ? shape[name] : undefined;

const found = (name: string, { things }: Place): Shape | undefined => {
  if (name === '.') return things[0] === 'value' ? 'value' : undefined;
  const [first = '', ...rest] = name.split('.');
  const holder = things.find((thing) => own(thing, first) !== undefined);
  return rest.reduce((shape, part) => own(shape, part), own(holder, first));
};

/** What could have been meant: the names that the thing before the last dot has, or those that stand anywhere. */
const namesNear = (name: string, place: Place): string => {
  const before = name.slice(0, name.lastIndexOf('.'));
  const holder = name.lastIndexOf('.') > 0 ? found(before, place) : undefined;
  if (isThing(holder)) return `${before} has ${Object.keys(holder).join(', ')}`;
  const all = place.things.filter(isThing).flatMap((thing) => Object.keys(thing));
  return `there are ${[...new Set(all)].join(', ')}`;
};

const inside = (shape: Shape, { things, lists }: Place): Place => {
  if (shape === 'value') return { things, lists };
  if (isThing(shape)) return { things: [shape, ...things], lists };
  const [item] = shape as readonly [Shape];
  return { things: [item, ...things], lists: [shape, ...lists] };
};

const sectionProblem = (name: string, shape: Shape, within: TemplateSpans, place: Place): string | undefined => {
  // What is repeated within its own repetition grows beyond all bounds.
  if (place.lists.includes(shape)) return `{{#${name}}} must not stand within itself`;
  return namesProblem(within, inside(shape, place));
};

const tagProblem = ([type, name, , , within]: TemplateSpans[number], place: Place): string | undefined => {
  if (type === 'text' || type === '!') return undefined;
  if (type === '>') return `{{> ${name}}}: there are no partials`;
  if (type === '=') return 'the delimiters must stay {{ and }}';
  if (type === '&') return `{{${name}}} in two braces is enough: nothing is escaped before a receiver does it`;
  const shape = found(name, place);
  if (shape === undefined) return `{{${name}}}: there is no such name; ${namesNear(name, place)}`;
  if (type === 'name') return shape === 'value' ? undefined : `{{${name}}} is no text: it stands for a section`;
  if (!Array.isArray(within)) return undefined;
  return type === '#' ? sectionProblem(name, shape, within, place) : namesProblem(within, place);
};

const namesProblem = (tags: TemplateSpans, place: Place): string | undefined => {
  for (const tag of tags) {
    const problem = tagProblem(tag, place);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

/** What is wrong with the tags of a template over things of a shape; `undefined`, nothing. */
export const problemOf = (tags: TemplateSpans, shape: Shape): string | undefined =>
  namesProblem(tags, { things: [shape], lists: [] });
