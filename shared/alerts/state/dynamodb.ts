/**
 * What `alert` remembers in a table of Amazon DynamoDB, or of what speaks like it. Credentials are those that the SDK finds
 * in the environment.
 *
 * The table's key is `key`, a text. Its index `due` (hash `pending`, a text; range `dueAt`, a number; keys only) holds what
 * somebody has to look at and nothing else, and its time to live is `forgetAt`: DynamoDB itself forgets.
 */
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateQuery,
} from '@aws-sdk/client-dynamodb';
import { Unavailable } from '../../scans/unavailable.ts';
import type { AlertState, RecordWrite } from '../state.ts';
import { checked, isRecordKey } from './checked.ts';

export interface TableSettings {
  /** Its name or ARN. */
  readonly table: string;
  /** Absent, the one that the SDK finds. */
  readonly region?: string;
  /** Where DynamoDB is; absent, the region's. */
  readonly url?: string;
}

/** A table that does not answer is not waited for, and a lost answer is asked for again: a write is known again. */
const CLIENT = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
} as const;

type Item = Readonly<Record<string, AttributeValue>>;

/** Whether `dueAt` is there decides whether the index has the record; one that is due is never forgotten. */
const itemOf = ({ key, value, dueAt, keepUntil }: RecordWrite, version: string): Record<string, AttributeValue> => ({
  key: { S: key },
  value: { S: value },
  version: { S: version },
  ...(dueAt === undefined
    ? { forgetAt: { N: String(Math.ceil(keepUntil / 1_000) + 1) } }
    : { pending: { S: 'yes' }, dueAt: { N: String(dueAt) } }),
});

const versionOf = (item: Item | undefined): string | undefined => item?.version?.S;

/** What it was refused for, in the SDK's words: its name, where it has one of its own. */
const failure = (table: string, error: unknown): Unavailable => {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const why = name === 'Error' ? message : name;
  return new Unavailable(`the table ${table} cannot be used (${why})`, { cause: error });
};

/** Writes under the version, unless somebody else wrote since. Retried by the SDK, a write finds itself: it is no other's. */
const put = async (client: DynamoDBClient, table: string, write: RecordWrite): Promise<string | undefined> => {
  const version = randomUUID();
  const { expected } = write;
  const command = new PutItemCommand({
    TableName: table,
    Item: itemOf(write, version),
    ...(expected === undefined
      ? { ConditionExpression: 'attribute_not_exists(#version)' }
      : { ConditionExpression: '#version = :expected', ExpressionAttributeValues: { ':expected': { S: expected } } }),
    ExpressionAttributeNames: { '#version': 'version' },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  try {
    await client.send(command);
    return version;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return versionOf(error.Item) === version ? version : undefined;
  }
};

const dueKeys = async (
  client: DynamoDBClient,
  table: string,
  now: number,
  most: number,
): Promise<readonly string[]> => {
  const due: string[] = [];
  const query = {
    TableName: table,
    IndexName: 'due',
    KeyConditionExpression: '#pending = :yes AND #dueAt <= :now',
    ExpressionAttributeNames: { '#pending': 'pending', '#dueAt': 'dueAt' },
    ExpressionAttributeValues: { ':yes': { S: 'yes' }, ':now': { N: String(now) } },
    Limit: most,
  };
  for await (const { Items = [] } of paginateQuery({ client }, query)) {
    due.push(...Items.map(({ key }) => key?.S).filter(isRecordKey));
    if (due.length >= most) break;
  }
  return due.slice(0, most);
};

/** Asks nobody before it is used. */
export const tableAlertState = ({ table, region, url }: TableSettings): AlertState => {
  const where = { ...(region !== undefined && { region }), ...(url !== undefined && { endpoint: url }) };
  const client = new DynamoDBClient({ ...CLIENT, ...where });
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw failure(table, error);
    }
  };
  return checked({
    get: (key) =>
      ask(async () => {
        const asked = new GetItemCommand({ TableName: table, Key: { key: { S: key } }, ConsistentRead: true });
        const { Item: item } = await client.send(asked);
        const version = versionOf(item);
        // What somebody damaged by hand is no JSON, and can be written over.
        return version === undefined ? undefined : { value: item?.value?.S ?? '', version };
      }),
    put: (write) => ask(() => put(client, table, write)),
    due: (now, most) => ask(() => dueKeys(client, table, now, most)),
    close: () => client.destroy(),
  });
};
