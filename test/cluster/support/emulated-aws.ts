/** What the template describes of queues, rules and tables, made in an emulator of AWS from the template's own words. */
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { JsonObject } from '../../../shared/conditions/status.ts';
import type { PolledQueue } from '../../support/lambda-poller.ts';
import { ofType, type Template } from '../../support/serverless-template.ts';

const REGION = 'eu-central-1';
/** As the emulator has it. */
const ACCOUNT = '123456789012';

/** Says to an AWS client where it is, and who it is there. */
export const awsEnvironmentOf = (endpoint: string): Readonly<Record<string, string>> => ({
  AWS_REGION: REGION,
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: 'emulated',
  AWS_SECRET_ACCESS_KEY: 'emulated',
});

const clientSettings = (endpoint: string) => ({
  region: REGION,
  endpoint,
  credentials: { accessKeyId: 'emulated', secretAccessKey: 'emulated' },
});

const arnOf = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;

export interface EmulatedAws {
  readonly sqs: SQSClient;
  /** The queue of that logical name. */
  readonly queue: (id: string) => Omit<PolledQueue, 'batchSize'>;
  readonly busName: string;
  /** Puts an event on the bus. */
  readonly put: (detail: JsonObject) => Promise<void>;
  /** Sends a message to a queue. */
  readonly send: (id: string, body: string) => Promise<void>;
  /** Messages that wait, and that are hidden. */
  readonly left: (id: string) => Promise<readonly [waiting: number, hidden: number]>;
  readonly close: () => void;
}

interface Queue {
  readonly QueueName: string;
  readonly RedrivePolicy?: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number };
}

const createQueues = async (sqs: SQSClient, template: Template): Promise<ReadonlyMap<string, string>> => {
  const all = ofType<Queue>(template, 'AWS::SQS::Queue');
  const urls = new Map<string, string>();
  // Dead letters first: a queue that names one which is not there is refused.
  const ordered = [...all].sort(([, a], [, b]) => Number('RedrivePolicy' in a) - Number('RedrivePolicy' in b));
  for (const [id, { QueueName, RedrivePolicy, ...others }] of ordered) {
    const Attributes: Record<string, string> = {};
    for (const [name, value] of Object.entries(others as JsonObject))
      if (name !== 'RedriveAllowPolicy') Attributes[name] = String(value);
    if (RedrivePolicy !== undefined) {
      const [target = ''] = RedrivePolicy.deadLetterTargetArn.split('.');
      const deadLetterTargetArn = arnOf(all.get(target)?.QueueName ?? target);
      Attributes.RedrivePolicy = JSON.stringify({ ...RedrivePolicy, deadLetterTargetArn });
    }
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    urls.set(id, String(QueueUrl));
  }
  return urls;
};

/** Without what CloudFormation sets on a table that is there. */
const createTables = async (template: Template, endpoint: string): Promise<void> => {
  const client = new DynamoDBClient(clientSettings(endpoint));
  for (const properties of ofType(template, 'AWS::DynamoDB::Table').values()) {
    const { TimeToLiveSpecification: _, PointInTimeRecoverySpecification: __, ...table } = properties;
    await client.send(new CreateTableCommand(table as unknown as CreateTableCommandInput));
  }
  client.destroy();
};

interface Rule {
  readonly EventPattern: JsonObject;
  readonly State: 'ENABLED' | 'DISABLED';
  readonly Targets: readonly { readonly Id: string; readonly Arn: string }[];
}

/** Makes them; the emulator does not hold anybody to policies. */
export const emulateAws = async (template: Template, endpoint: string): Promise<EmulatedAws> => {
  const sqs = new SQSClient(clientSettings(endpoint));
  const bridge = new EventBridgeClient(clientSettings(endpoint));
  const urls = await createQueues(sqs, template);
  await createTables(template, endpoint);
  const names = ofType<Queue>(template, 'AWS::SQS::Queue');
  const queue: EmulatedAws['queue'] = (id) => {
    const url = urls.get(id);
    if (url === undefined) throw new Error(`there is no queue ${id}`);
    return { url, arn: arnOf(names.get(id)?.QueueName ?? '') };
  };
  const busName = String(ofType(template, 'AWS::Events::EventBus').get('Bus')?.Name);
  await bridge.send(new CreateEventBusCommand({ Name: busName }));
  for (const [Name, { EventPattern, State, Targets }] of ofType<Rule>(template, 'AWS::Events::Rule')) {
    const where = { EventBusName: busName };
    await bridge.send(new PutRuleCommand({ ...where, Name, State, EventPattern: JSON.stringify(EventPattern) }));
    const targets = Targets.map(({ Id, Arn }) => ({ Id, Arn: queue(String(Arn.split('.')[0])).arn }));
    await bridge.send(new PutTargetsCommand({ ...where, Rule: Name, Targets: targets }));
  }
  return {
    sqs,
    queue,
    busName,
    put: async (detail) => {
      const entry = { EventBusName: busName, Source: 'tests', DetailType: 'event', Detail: JSON.stringify(detail) };
      const { FailedEntryCount } = await bridge.send(new PutEventsCommand({ Entries: [entry] }));
      if (FailedEntryCount !== 0) throw new Error('the bus did not take the event');
    },
    send: async (id, MessageBody) => {
      await sqs.send(new SendMessageCommand({ QueueUrl: queue(id).url, MessageBody }));
    },
    left: async (id) => {
      const asked = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: queue(id).url, AttributeNames: [...asked] }),
      );
      return [Number(Attributes[asked[0]]), Number(Attributes[asked[1]])];
    },
    close: () => {
      sqs.destroy();
      bridge.destroy();
    },
  };
};
