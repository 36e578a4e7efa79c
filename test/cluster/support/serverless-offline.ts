/** The functions as `serverless offline` runs them on this machine: polled from the queues of an emulator of AWS. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CreateEventBusCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { ROOT } from '../../support/examples.ts';
import { FUNCTION_FOLDERS } from '../../support/serverless-package.ts';
import { awsEnvironmentOf } from './emulated-aws.ts';

const PROGRAM = join(ROOT, 'node_modules/serverless/bin/serverless.js');
/** Service and stage. */
const PREFIX = 'scan-status-prod';

export interface Offline {
  /** Sends a message to a function's queue. */
  readonly send: (name: string, body: string) => Promise<void>;
  /** What the framework has said. */
  readonly said: () => string;
  readonly stop: () => Promise<void>;
}

/** Makes queues and bus in the emulator, and starts the functions of `dist` beside it. */
export const startOffline = async (
  emulator: string,
  environment: Readonly<Record<string, string>>,
): Promise<Offline> => {
  const settings = {
    region: 'eu-central-1',
    endpoint: emulator,
    credentials: { accessKeyId: 'emulated', secretAccessKey: 'emulated' },
  };
  const sqs = new SQSClient(settings);
  const urls = new Map<string, string>();
  for (const name of FUNCTION_FOLDERS) {
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: `${PREFIX}-${name}` }));
    urls.set(name, QueueUrl);
  }
  const bus = new EventBridgeClient(settings);
  await bus.send(new CreateEventBusCommand({ Name: PREFIX }));
  bus.destroy();

  const args = ['offline', '--config', 'serverless-offline.yml', '--httpPort', '0', '--lambdaPort', '0'];
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...awsEnvironmentOf(emulator), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = once(child, 'close');
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said.push(text));
  return {
    send: async (name, body) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: urls.get(name), MessageBody: body }));
    },
    said: () => said.join(''),
    stop: async () => {
      process.off('exit', kill);
      kill();
      await closed;
      sqs.destroy();
    },
  };
};
