/** What `alert` remembers in a real API server, and in a table of an emulated Amazon DynamoDB. */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openAlertState } from '../../shared/alerts/state/open.ts';
import type { AlertState } from '../../shared/alerts/state.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { alertStateContract } from '../support/alert-state-contract.ts';
import { increment, keyAt } from '../support/alert-state-records.ts';
import { awsEnvironment } from '../support/s3-server.ts';
import { cluster } from './support/access.ts';
import { createAlertTable, lossyNetwork } from './support/alert-table.ts';
import { apiOf } from './support/api.ts';
import { startMoto } from './support/moto.ts';
import { startProxy } from './support/proxy.ts';
import { realConnections } from './support/real-connections.ts';
import { newNamespace } from './support/scans.ts';

/** The machine may be busy. */
jest.setTimeout(60_000);

describe('ConfigMaps of a real API server', () => {
  const admin = apiOf(cluster());
  const connect = realConnections();

  alertStateContract({
    fresh: async () => {
      const namespace = await newNamespace(admin, 'alerts');
      return () => openAlertState({ configMaps: { namespace } }, connect(cluster()));
    },
    numRuns: 10,
  });

  it('are unavailable in a namespace that is not there', async () => {
    const state = await openAlertState({ configMaps: { namespace: 'not-there' } }, connect(cluster()));
    const told = state.put({ key: keyAt(1), value: '1', keepUntil: 0 });
    await expect(told).rejects.toMatchObject({ name: 'Unavailable', message: 'there is no namespace not-there' });
    expect(await state.get(keyAt(1))).toBeUndefined();
    expect(await state.due(Date.now(), 1)).toEqual([]);
  });

  it('count what is added once, though answers get lost', async () => {
    const namespace = await newNamespace(admin, 'alerts');
    let writes = 0;
    const isWrite = (method: string): boolean => method === 'PUT' || method === 'POST';
    const loses = ({ method }: { readonly method: string }): boolean => {
      if (isWrite(method)) writes += 1;
      return isWrite(method) && writes % 2 === 1;
    };
    const proxy = await startProxy(cluster(), { loses });
    try {
      const state = await openAlertState({ configMaps: { namespace } }, connect(proxy.access));
      for (let time = 1; time <= 10; time += 1) expect(await increment(state, keyAt(1))).toBe(time);
      expect(proxy.passed.filter(({ isLost }) => isLost)).toHaveLength(10);
    } finally {
      await proxy.close();
    }
  });
});

const moto = await startMoto();
const describeWithMoto = moto === undefined ? describe.skip : describe;

describeWithMoto('a table of DynamoDB', () => {
  const environment = awsEnvironment();
  const url = moto?.url ?? '';
  beforeEach(() => environment({}));
  afterAll(() => moto?.stop());

  const newTable = async (): Promise<string> => {
    const table = `alerts-${randomUUID()}`;
    await createAlertTable(url, table);
    return table;
  };
  const openTable = (table: string, at = url): Promise<AlertState> => openAlertState({ dynamoDb: { table, url: at } });

  alertStateContract({
    fresh: async () => {
      const table = await newTable();
      return () => openTable(table);
    },
    forgetsByItself: true,
    numRuns: 10,
  });

  it('forgets by itself what is no longer kept, and nothing that is due', async () => {
    const table = await newTable();
    const state = await openTable(table);
    const client = new DynamoDBClient({ endpoint: url });
    const forgetAt = async () => {
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: { key: { S: keyAt(1) } } }));
      return Item?.forgetAt;
    };
    const write = { key: keyAt(1), value: '1', keepUntil: Date.UTC(2025, 5, 1) + 1 };
    const first = await state.put({ ...write, dueAt: Date.UTC(2026, 5, 1) });
    expect(await forgetAt()).toBeUndefined();
    await state.put({ ...write, ...(first && { expected: first }) });
    expect(await forgetAt()).toEqual({ N: String(Date.UTC(2025, 5, 1) / 1_000 + 2) });
    client.destroy();
    state.close();
  });

  it('counts what is added once, though answers get lost', async () => {
    let writes = 0;
    const network = await lossyNetwork(url, (operation) => {
      if (operation === 'PutItem') writes += 1;
      return operation === 'PutItem' && writes % 2 === 1;
    });
    const state = await openTable(await newTable(), network.url);
    for (let time = 1; time <= 10; time += 1) expect(await increment(state, keyAt(1))).toBe(time);
    expect(writes).toBe(20);
    state.close();
    await network.close();
  });

  it('is unavailable where it is not there, or nobody answers', async () => {
    const missing = await openTable('not-there');
    const unreachable = await openTable('not-there', 'http://127.0.0.1:1');
    for (const state of [missing, unreachable]) {
      const write = { key: keyAt(1), value: '1', keepUntil: 0 };
      for (const ask of [() => state.get(keyAt(1)), () => state.put(write), () => state.due(0, 1)])
        await expect(ask()).rejects.toThrow(Unavailable);
      state.close();
    }
    await expect(missing.get(keyAt(1))).rejects.toThrow(
      'the table not-there cannot be used (ResourceNotFoundException)',
    );
  });
});
