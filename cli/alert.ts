/** What people would be told of recorded events; and a test message, so that nobody finds out too late that none arrives. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type AlertsConfig,
  alertsConfigIn,
  readAlertsConfig,
  WrongAlertsConfig,
} from '../shared/alerts/alerts-file.ts';
import { readLines, STANDARD_INPUT } from '../shared/replay/lines.ts';
import { readAlertsSetting, workingFolder } from '../shared/runtime/config.ts';
import { pageOf } from './alert-page.ts';
import { type Preview, preview } from './alert-preview.ts';
import { sendTest } from './alert-test.ts';
import { jsonOf, textOf } from './alert-text.ts';
import { oneOf, run, UsageError } from './command.ts';
import { createOutput } from './output.ts';

const USAGE = `Usage: npm run -s alert -- preview [FILE…] [--config FILE] [--receiver NAME] [-o text|json|html]
       npm run -s alert -- test --receiver NAME [--config FILE]

  preview            shows what would be sent for recorded status-changed events, and sends nothing
                     (FILE: one record a line; - is standard input; without it, events that come with the project)
  test               sends a message that says that it is a test, and what ends it where it opened something
  --config FILE      who is told of what; without it ALERTS_CONFIG, and for a preview one receiver of each kind
  --receiver NAME    this receiver alone
  -o text|json|html  how to show it`;

const OPTIONS = {
  config: { type: 'string' },
  receiver: { type: 'string' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const parse = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });

type Values = ReturnType<typeof parse>['values'];

const SAMPLE = fileURLToPath(new URL('../infra/samples/status-changed.jsonl', import.meta.url));

/** One receiver of each kind, and the default rules. */
const ONE_OF_EACH = `
receivers:
  - { name: slack, slack: { tokenFile: token, channel: C0123456789 } }
  - { name: slack-webhook, slackWebhook: { urlFile: url } }
  - { name: teams, teams: { urlFile: url } }
  - { name: pagerduty, pagerDuty: { routingKeyFile: key } }
  - { name: alertmanager, alertmanager: { url: "https://alertmanager.example" } }
  - { name: webhook, webhook: { urlFile: url, secretFile: secret } }
  - { name: sns, sns: { topicArn: "arn:aws:sns:eu-central-1:123456789012:scan-alerts" } }
`;

const configIn = async (named: string | undefined): Promise<AlertsConfig | undefined> => {
  const file = named === undefined ? readAlertsSetting() : resolve(workingFolder('alert'), named);
  if (file === undefined) return undefined;
  try {
    return await alertsConfigIn(file);
  } catch (error) {
    if (error instanceof WrongAlertsConfig) throw new UsageError(`${named ?? 'ALERTS_CONFIG'}: ${error.message}`);
    throw error;
  }
};

const withReceiver = (config: AlertsConfig, name: string | undefined): AlertsConfig => {
  if (name === undefined) return config;
  const receivers = config.receivers.filter((receiver) => receiver.name === name);
  if (receivers.length > 0) return { ...config, receivers };
  const known = config.receivers.map((receiver) => receiver.name).join(', ');
  throw new UsageError(`--receiver: there is no "${name}"; there are ${known}`);
};

const fileOf = (named: string): string => {
  if (named === STANDARD_INPUT) return named;
  const file = resolve(workingFolder('alert'), named);
  if (!existsSync(file)) throw new UsageError(`${named}: cannot be read`);
  if (statSync(file).isDirectory()) throw new UsageError(`${named}: is a folder`);
  return file;
};

const SHOWN: Readonly<Record<string, (what: Preview) => string>> = {
  text: textOf,
  json: jsonOf,
  html: ({ messages }) => pageOf(messages),
};

const showPreview = async (files: readonly string[], values: Values): Promise<number> => {
  const shown = SHOWN[oneOf('-o', values.output ?? 'text', Object.keys(SHOWN))] ?? textOf;
  const config = (await configIn(values.config)) ?? readAlertsConfig(ONE_OF_EACH);
  const lines = readLines(files.length === 0 ? [SAMPLE] : files.map(fileOf), 1);
  const what = await preview(lines, withReceiver(config, values.receiver));
  const output = createOutput(process.stdout);
  await output.write(shown(what));
  await output.end();
  return what.summary.rejected + what.summary.unavailable > 0 ? 1 : 0;
};

const test = async (more: readonly string[], { config: named, receiver, output }: Values): Promise<number> => {
  if (more.length > 0) throw new UsageError(`${more[0]}: test takes no files`);
  if (output !== undefined) throw new UsageError('-o: test shows nothing');
  if (receiver === undefined) throw new UsageError('--receiver: name one');
  const config = await configIn(named);
  if (config === undefined) throw new UsageError('--config: name a file, or set ALERTS_CONFIG');
  const [one] = withReceiver(config, receiver).receivers;
  return one === undefined ? 2 : sendTest(one);
};

const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parse(args);
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [command, ...more] = positionals;
  if (command === 'preview') return showPreview(more, values);
  if (command === 'test') return test(more, values);
  throw new UsageError('say preview or test');
};

await run(USAGE, main);
