/** Opens receivers as they are configured. What nobody configured is not loaded, and secrets are read for each message. */
import { readFileSync, statSync } from 'node:fs';
import { awsCredentials } from '../scans/aws-credentials.ts';
import type { ProgramEnvironment } from '../scans/exec-credentials.ts';
import type { Receiver } from './alert.ts';
import { WrongAlertsConfig } from './alerts-file.ts';
import type { Clock } from './receivers/rate.ts';
import type { ReadSecret, ReceiverSettings } from './receivers/settings.ts';
import { RECEIVER_KINDS, type ReceiverConfig, type ReceiverKind } from './receivers-config.ts';

export interface ReceiversAround {
  /** Where credentials of AWS are looked for. */
  readonly environment: ProgramEnvironment;
  /** Absent, the clock of the machine. */
  readonly clock?: Clock;
}

/** Bytes of a file of secrets. */
const LARGEST_SECRET = 65_536;

/** A file is small, and read seldom: once for each message. */
const secretIn =
  (file: string): ReadSecret =>
  () => {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > LARGEST_SECRET) throw new Error('the file of the secret is none, or too large');
    return readFileSync(file, 'utf8');
  };

type Fields<Kind extends ReceiverKind> = NonNullable<ReceiverConfig[Kind]>;
type Openers = {
  readonly [Kind in ReceiverKind]: (
    fields: Fields<Kind>,
    settings: ReceiverSettings,
    environment: ProgramEnvironment,
  ) => Promise<Receiver>;
};

const OPENERS: Openers = {
  slack: async ({ tokenFile, ...fields }, settings) => {
    const { slackApiReceiver } = await import('./receivers/slack-api.ts');
    return slackApiReceiver({ ...settings, ...fields, token: secretIn(tokenFile) });
  },
  slackWebhook: async ({ urlFile }, settings) => {
    const { slackWebhookReceiver } = await import('./receivers/slack-webhook.ts');
    return slackWebhookReceiver({ ...settings, url: secretIn(urlFile) });
  },
  teams: async ({ urlFile }, settings) => {
    const { teamsReceiver } = await import('./receivers/teams.ts');
    return teamsReceiver({ ...settings, url: secretIn(urlFile) });
  },
  pagerDuty: async ({ routingKeyFile, ...fields }, settings) => {
    const { pagerDutyReceiver } = await import('./receivers/pagerduty.ts');
    return pagerDutyReceiver({ ...settings, ...fields, routingKey: secretIn(routingKeyFile) });
  },
  alertmanager: async ({ tokenFile, ...fields }, settings) => {
    const { alertmanagerReceiver } = await import('./receivers/alertmanager.ts');
    const token = tokenFile === undefined ? {} : { token: secretIn(tokenFile) };
    return alertmanagerReceiver({ ...settings, ...fields, ...token });
  },
  webhook: async ({ urlFile, secretFile, ...fields }, settings) => {
    const { webhookReceiver } = await import('./receivers/webhook.ts');
    return webhookReceiver({ ...settings, ...fields, url: secretIn(urlFile), secret: secretIn(secretFile) });
  },
  sns: async (fields, settings, environment) => {
    const { snsReceiver } = await import('./receivers/sns.ts');
    return snsReceiver({ ...settings, ...fields, credentials: () => awsCredentials(environment) });
  },
};

const authoritiesIn = (receiver: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WrongAlertsConfig(`the receiver "${receiver}": its caFile cannot be read`, { cause });
  }
};

const openKind = <Kind extends ReceiverKind>(
  kind: Kind,
  config: ReceiverConfig,
  { environment, clock }: ReceiversAround,
): Promise<Receiver> | undefined => {
  const fields = config[kind];
  if (fields === undefined) return undefined;
  const { name, privateAddresses, caFile, rate } = config;
  const settings: ReceiverSettings = {
    name,
    privateAddresses,
    ...(caFile !== undefined && { ca: authoritiesIn(name, caFile) }),
    ...(rate && { rate }),
    ...(clock && { clock }),
  };
  return OPENERS[kind](fields, settings, environment);
};

/** The receivers, in their order. Rejects with `WrongAlertsConfig` where a file that they need is not there. */
export const openReceivers = async (
  configs: readonly ReceiverConfig[],
  around: ReceiversAround,
): Promise<readonly Receiver[]> =>
  Promise.all(configs.flatMap((config) => RECEIVER_KINDS.flatMap((kind) => openKind(kind, config, around) ?? [])));
