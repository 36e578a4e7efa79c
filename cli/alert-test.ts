/** A message that says that it is a test, through a receiver as it is configured; and what ends it, where it opened something. */
import { createHash, randomUUID } from 'node:crypto';
import { type Alert, Undeliverable } from '../shared/alerts/alert.ts';
import { WrongAlertsConfig } from '../shared/alerts/alerts-file.ts';
import { openReceivers } from '../shared/alerts/open-receivers.ts';
import { kindOf, type ReceiverConfig, type ReceiverKind } from '../shared/alerts/receivers-config.ts';
import { instantAt } from '../shared/conditions/instant.ts';
import { programEnvironment, readRuntimeSettings } from '../shared/runtime/config.ts';
import { Unavailable } from '../shared/scans/unavailable.ts';
import { UsageError } from './command.ts';

/** Where an alert stays open until it is told to be over. */
const OPENS: ReadonlySet<ReceiverKind> = new Set(['pagerDuty', 'alertmanager']);

/** Another each time: of one that is known already nobody would be told. */
const testAlert = (): Alert => {
  const uid = randomUUID();
  const now = String(instantAt(Date.now()));
  return {
    key: createHash('sha256').update(uid).digest('hex'),
    status: 'firing',
    severity: 'info',
    rule: 'test',
    cluster: readRuntimeSettings().cluster,
    scan: { kind: 'ImageScan', namespace: 'scan-status', name: 'test', uid },
    condition: 'PolicySucceeded',
    to: 'False',
    reason: 'Test',
    title: 'This is a test',
    text: 'Nothing is wrong: somebody tried whether messages of Scan Status arrive here.',
    vulnerabilities: [],
    more: 0,
    command: 'npm run -s alert -- test',
    since: now,
    at: now,
  };
};

const over = (alert: Alert): Alert => ({ ...alert, status: 'resolved', to: 'True', title: 'This was a test' });

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Sends it, and gives the exit status. */
export const sendTest = async (config: ReceiverConfig): Promise<number> => {
  const { name } = config;
  const [receiver] = await openReceivers([config], { environment: programEnvironment() }).catch((error) => {
    throw error instanceof WrongAlertsConfig ? new UsageError(error.message) : error;
  });
  if (receiver === undefined) throw new UsageError(`--receiver: ${name} is none`);
  const alert = testAlert();
  try {
    const sent = await receiver.send(alert);
    say(`${name}: took the test message`);
    if (!OPENS.has(kindOf(config))) return 0;
    await receiver.send(over(alert), sent);
    say(`${name}: was told that it is over`);
    return 0;
  } catch (error) {
    if (!(error instanceof Undeliverable || error instanceof Unavailable)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
};
