/**
 * The file that says who is told of what: receivers, rules, quiet hours, and where it is remembered what was told. It holds
 * no secret: it names the files that do.
 */
import * as z from 'zod';
import { exactlyOne, file, label, listOf, only, text, word } from '../settings/fields.ts';
import { quietHours } from './quiet-hours-config.ts';
import { MOST_RECEIVERS, receiver } from './receivers-config.ts';
import { MOST_RULES, rule } from './rules-config.ts';

const tableName = text('the name or ARN of a table', 1_024).regex(
  /^(?:[\w.-]{3,255}|arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[\w.-]{3,255})$/,
  'must be the name or ARN of a table',
);
const region = text('the name of a region', 63).regex(/^[a-z][a-z0-9-]+$/, 'must be the name of a region');

const STATES = {
  /** For as long as the process lives. */
  memory: only({}).exactOptional(),
  /** A file of this machine. */
  file: file.exactOptional(),
  /** A ConfigMap for each record, in a namespace of the cluster whose scans these are. */
  configMaps: only({ namespace: label('the name of a namespace') }).exactOptional(),
  dynamoDb: only({ table: tableName, region: region.exactOptional() }).exactOptional(),
};

const state = only(STATES).superRefine(exactlyOne(['memory', 'file', 'configMaps', 'dynamoDb']));

type Issue = (path: readonly PropertyKey[], message: string) => void;

interface Names {
  readonly receivers: readonly { readonly name: string }[];
  readonly rules?:
    | readonly { readonly name: string; readonly quietHours?: string; readonly receivers?: readonly string[] }[]
    | undefined;
  readonly quietHours: Readonly<Record<string, unknown>>;
}

const checkOnce = (list: 'receivers' | 'rules', names: readonly { readonly name: string }[], issue: Issue): void => {
  for (const [at, { name }] of names.entries())
    if (names.findIndex((other) => other.name === name) < at)
      issue([list, at, 'name'], `"${name}" must not stand twice`);
};

/** Whatever is named must be there. */
const checkNames = ({ receivers, rules = [], quietHours: hours }: Names, issue: Issue): void => {
  checkOnce('receivers', receivers, issue);
  checkOnce('rules', rules, issue);
  for (const [at, { quietHours: named, receivers: told = [] }] of rules.entries()) {
    if (named !== undefined && !Object.hasOwn(hours, named))
      issue(['rules', at, 'quietHours'], `there are no quiet hours "${named}"`);
    for (const [place, name] of told.entries())
      if (!receivers.some((one) => one.name === name))
        issue(['rules', at, 'receivers', place], `there is no receiver "${name}"`);
  }
};

export const alertsConfig = only({
  receivers: listOf(receiver, 'receivers', MOST_RECEIVERS),
  /** Absent, the default rules. */
  rules: listOf(rule, 'rules', MOST_RULES).exactOptional(),
  quietHours: z
    .record(label('a name'), quietHours, { error: 'must be names and their hours' })
    .refine((all) => Object.keys(all).length <= 50, { error: 'must not hold more than 50' })
    .default({}),
  state: state.exactOptional(),
  /** Whether what a replay causes is told. */
  replays: word(['quiet', 'alert']).default('quiet'),
})
  .superRefine((config, context) =>
    checkNames(config, (path, message) => context.addIssue({ code: 'custom', path: [...path], message })),
  )
  .meta({ title: 'ALERTS_CONFIG: who is told of what' });

export type ReadConfig = z.infer<typeof alertsConfig>;
