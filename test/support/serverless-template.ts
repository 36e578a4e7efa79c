/** The CloudFormation template that the package holds, and what its parts say. */
import type { JsonObject } from '../../shared/conditions/status.ts';

interface TemplateResource {
  readonly Type: string;
  readonly Properties: JsonObject;
}

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** A value with its references as texts: `Queue` for what it refers to, `Queue.Arn` for an attribute of it. */
const named = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(named);
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text } = value as JsonObject;
  if (typeof Ref === 'string') return Ref;
  if (Array.isArray(attribute)) return attribute.join('.');
  if (typeof text === 'string') return text;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, named(member)]));
};

/** The properties of all resources of a type, by their logical names, references as texts. */
export const ofType = <Properties = JsonObject>(
  { Resources }: Template,
  type: string,
): ReadonlyMap<string, Properties> =>
  new Map(
    Object.entries(Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, { Properties }]) => [id, named(Properties) as Properties]),
  );

/** A name as the logical names of our resources are written. */
export const idOf = (name: string): string =>
  name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
