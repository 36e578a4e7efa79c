/** ALERTS_CONFIG, read from its file: YAML, in which every mistake is told by its place. */
import { dirname } from 'node:path';
import { readYaml, seenFrom, textIn } from '../settings/yaml-file.ts';
import { alertsConfig, type ReadConfig } from './alerts-config.ts';
import { defaultRules } from './default-rules.ts';
import { defaultTexts } from './default-texts.ts';
import type { ReceiverConfig } from './receivers-config.ts';
import type { Rule } from './rules.ts';
import type { RuleConfig } from './rules-config.ts';
import type { AlertStateSettings } from './state/open.ts';

/** What is wrong with the file, in one line. */
export class WrongAlertsConfig extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'WrongAlertsConfig';
  }
}

export interface AlertsConfig {
  readonly receivers: readonly ReceiverConfig[];
  readonly rules: readonly Rule[];
  /** Where it is remembered what was told; absent, the runtime knows best. */
  readonly state?: AlertStateSettings;
  /** Whether what a replay causes is told. */
  readonly replays: 'quiet' | 'alert';
}

const ruleOf = ({ receivers: all, quietHours: hours }: ReadConfig, one: RuleConfig): Rule => {
  const { quietHours: named, receivers = all.map(({ name }) => name), title, text, ...rule } = one;
  const texts = defaultTexts(rule.when);
  const quiet = named === undefined ? undefined : hours[named];
  return {
    ...rule,
    ...(quiet && { quiet }),
    receivers,
    title: title ?? texts.title,
    text: text ?? texts.text,
  };
};

/** Reads the configuration from YAML. Throws `WrongAlertsConfig`, naming the field. */
export const readAlertsConfig = (text: string, folder = '.'): AlertsConfig => {
  const read = readYaml(text, alertsConfig, WrongAlertsConfig);
  const { receivers, rules, state, replays } = read;
  return {
    receivers: receivers.map((one) => seenFrom(folder, one)),
    rules: rules?.map((rule) => ruleOf(read, rule)) ?? defaultRules(receivers.map(({ name }) => name)),
    ...(state && { state: seenFrom(folder, state) as AlertStateSettings }),
    replays,
  };
};

/** The configuration in a file. Rejects with `WrongAlertsConfig`. */
export const alertsConfigIn = async (file: string): Promise<AlertsConfig> =>
  readAlertsConfig(await textIn(file, WrongAlertsConfig), dirname(file));
