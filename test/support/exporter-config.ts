/** What kubernetes-event-exporter would make of its configuration: which receiver gets an event, and what it sends. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { at } from './fields.ts';
import { INFRA } from './manifests.ts';

type Texts = Readonly<Record<string, string>>;

interface Receiver {
  readonly name: string;
  readonly webhook?: { readonly endpoint: string; readonly headers: Texts };
  readonly sqs?: { readonly queueName: string; readonly region: string; readonly layout: Texts };
  readonly eventbridge?: Texts & { readonly details: Texts };
}

type Rule = Texts & { readonly receiver: string };

interface ExporterConfig extends JsonObject {
  readonly route: { readonly routes: readonly { readonly match: readonly Rule[] }[] };
  readonly receivers: readonly Receiver[];
}

/** The configuration of a variant, as it stands. */
export const exporterConfigText = (variant: string): string =>
  readFileSync(join(INFRA, 'event-exporter', variant, 'config.yaml'), 'utf8');

/** The configuration as the exporter reads it: first it puts the environment in the place of `$NAME` and `${NAME}`. */
export const exporterConfig = (variant: string, environment: Texts = {}): ExporterConfig =>
  load(
    exporterConfigText(variant).replace(
      /\$(?:\{(\w+)\}|(\w+))/g,
      (_, braced: string, bare: string) => environment[braced ?? bare] ?? '',
    ),
  ) as ExporterConfig;

/** Where a rule's fields stand in an event (pkg/exporter/rule.go). */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  apiVersion: ['involvedObject', 'apiVersion'],
  kind: ['involvedObject', 'kind'],
  namespace: ['metadata', 'namespace'],
  reason: ['reason'],
  type: ['type'],
  component: ['source', 'component'],
};

const matches = ({ receiver: _, ...rule }: Rule, event: JsonObject): boolean =>
  Object.entries(rule).every(([field, expression]) => {
    const path = FIELDS[field];
    if (path === undefined) throw new Error(`the exporter has no rule for ${field}`);
    return new RegExp(expression).test(String(at(event, ...path) ?? ''));
  });

/** The receivers that get an event, in order. */
export const receiversOf = ({ route }: ExporterConfig, event: JsonObject): readonly string[] =>
  route.routes
    .flatMap(({ match }) => match)
    .filter((rule) => matches(rule, event))
    .map(({ receiver }) => receiver);

/** What the templates name of an event (Go's fields, not JSON's), and where it stands. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  '.UID': ['metadata', 'uid'],
  '.InvolvedObject.Namespace': ['involvedObject', 'namespace'],
  '.InvolvedObject.Name': ['involvedObject', 'name'],
  '.CreationTimestamp.UTC.Format "2006-01-02T15:04:05Z"': ['metadata', 'creationTimestamp'],
};

/** Renders the few templates that our configurations use. An event's JSON is `body`, as it came. */
export const renderTemplates = (templates: Texts, body: string): Texts => {
  const event: unknown = JSON.parse(body);
  if (!isJsonObject(event)) throw new Error('an event is an object');
  const value = (expression: string): string => {
    if (expression === 'toJson .') return body;
    const path = NAMED[expression];
    if (path === undefined) throw new Error(`{{ ${expression} }} is not rendered here`);
    return String(at(event, ...path));
  };
  return Object.fromEntries(
    Object.entries(templates).map(([name, text]) => [
      name,
      text.replace(/\{\{ (.*?) \}\}/g, (_, expression: string) => value(expression)),
    ]),
  );
};
