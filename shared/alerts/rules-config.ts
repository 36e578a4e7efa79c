/** Rules as a file configures them. */
import * as z from 'zod';
import { SEVERITIES as VULNERABILITY_SEVERITIES } from '../conditions/facts.ts';
import { CONDITION_TYPES } from '../conditions/status.ts';
import { duration, label, listOf, only, text, word } from '../settings/fields.ts';
import { SEVERITIES } from './alert.ts';
import { compileTemplate, LONGEST_TEMPLATE, WrongTemplate } from './template.ts';

export const MOST_RULES = 100;

const STATUSES = ['True', 'False', 'Unknown'] as const;
const STATUS = `must be ${STATUSES.join(', ')}, or a list of them`;

/** What YAML takes for a truth is the word all the same. */
const status = z
  .union([z.enum(STATUSES), z.boolean()], { error: STATUS })
  .transform((value) => (typeof value === 'boolean' ? (value ? 'True' : 'False') : value));

const statuses = z
  .union([status, listOf(status, 'statuses', STATUSES.length)], { error: STATUS })
  .transform((value) => (typeof value === 'string' ? [value] : value));

const NAMESPACE = 'must be the name of a namespace, or a pattern of names such as team-*';
const namespacePattern = text('the name of a namespace', 63).regex(
  /^[a-z0-9*](?:[a-z0-9*-]{0,61}[a-z0-9*])?$/,
  NAMESPACE,
);

const kind = text('a kind', 63).regex(/^[A-Z][A-Za-z0-9]*$/, 'must be a kind such as ImageScan');

const LABEL_NAME = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const labelName = z.string().regex(LABEL_NAME, 'must be the name of a label');
const labelValue = z
  .string({ error: 'must be the value of a label, in quotes where YAML takes it for something else' })
  .regex(/^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/, 'must be the value of a label');
const labels = z
  .record(labelName, labelValue, { error: 'must be labels and their values' })
  .refine((all) => Object.keys(all).length <= 32, { error: 'must not hold more than 32 labels' });

const COUNT = 'must be a whole number from 1 to 100000';

const when = only({
  condition: word(CONDITION_TYPES),
  to: statuses,
  from: statuses.exactOptional(),
  kinds: listOf(kind, 'kinds', 20).exactOptional(),
  namespaces: listOf(namespacePattern, 'namespaces').exactOptional(),
  labels: labels.exactOptional(),
  severity: word(VULNERABILITY_SEVERITIES).exactOptional(),
  count: z.int({ error: COUNT }).min(1, COUNT).max(100_000, COUNT).exactOptional(),
});

/** The scans of a namespace as one alert: how long it waits for more of them, and how often it is told again. */
const group = only({
  by: word(['namespace']),
  wait: duration('1s', '1h').prefault('60s'),
  every: duration('1s', '24h').prefault('5m'),
});

/** A text for people, in Mustache. */
const template = z
  .string({ error: 'must be a text' })
  .max(LONGEST_TEMPLATE, `must not be longer than ${LONGEST_TEMPLATE} characters`)
  .transform((value, context) => {
    try {
      return compileTemplate(value);
    } catch (error) {
      if (!(error instanceof WrongTemplate)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

/** What only a policy's verdict tells. */
const checkVerdictFields = (
  { when: match, onlyNew }: { readonly when: z.infer<typeof when>; readonly onlyNew: boolean },
  issue: (path: readonly string[], message: string) => void,
): void => {
  if (match.condition === 'PolicySucceeded') return;
  const message = 'is only for PolicySucceeded, which tells of vulnerabilities';
  for (const field of ['severity', 'count'] as const) if (match[field] !== undefined) issue(['when', field], message);
  if (onlyNew) issue(['onlyNew'], message);
};

export const rule = only({
  name: label('a name'),
  when,
  severity: word(SEVERITIES).default('error'),
  once: word(['per-run', 'per-change', 'per-scan']).default('per-change'),
  onlyNew: z.boolean({ error: 'must be true or false' }).default(false),
  group: group.exactOptional(),
  /** The name of quiet hours. */
  quietHours: label('the name of quiet hours').exactOptional(),
  /** Names of receivers; absent, all of them. */
  receivers: listOf(label('the name of a receiver'), 'receivers').exactOptional(),
  title: template.exactOptional(),
  text: template.exactOptional(),
}).superRefine((one, context) =>
  checkVerdictFields(one, (path, message) => context.addIssue({ code: 'custom', path: [...path], message })),
);

export type RuleConfig = Readonly<z.infer<typeof rule>>;
