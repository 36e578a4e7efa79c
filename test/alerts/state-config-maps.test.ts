/** What `alert` remembers in ConfigMaps: what goes wrong with an API server, and what is asked of it. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { configMapAlertState } from '../../shared/alerts/state/config-maps.ts';
import { openAlertState } from '../../shared/alerts/state/open.ts';
import type { AlertState } from '../../shared/alerts/state.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { increment, keyAt } from '../support/alert-state-records.ts';
import { type ApiServer, apiServers } from '../support/api-server.ts';
import { errorOf } from '../support/error-of.ts';
import { kubernetesStores } from '../support/kubernetes-stores.ts';

const NAMESPACE = 'alerts';
const NOW = Date.UTC(2025, 5, 10, 12);
const DAY = 86_400_000;

describe('ConfigMaps that alert remembers in', () => {
  const serve = apiServers();
  const open = kubernetesStores();
  const start = async (): Promise<{ readonly server: ApiServer; readonly state: AlertState }> => {
    const server = await serve();
    return { server, state: configMapAlertState(open(server).connection, NAMESPACE) };
  };
  const put = (state: AlertState, at: number, more: { readonly dueAt?: number; readonly keepUntil?: number } = {}) =>
    state.put({ key: keyAt(at), value: '{}', keepUntil: NOW + DAY, ...more });
  const names = ({ objects }: ApiServer): readonly string[] =>
    objects.list('configmaps', { limit: 0, from: '' }).items.map(({ metadata }) => metadata.name);
  const verbs = ({ asked }: ApiServer, from = 0): readonly string[] =>
    asked.slice(from).map(({ method, path }) => `${method} ${path.slice('/api/v1/namespaces/'.length)}`);

  it('are each named and labelled for their record', async () => {
    const { server, state } = await start();
    await put(state, 1);
    await put(state, 2, { dueAt: NOW });
    const labelsOf = (at: number) => server.objects.get('configmaps', NAMESPACE, keyAt(at))?.metadata.labels;
    const ours = { 'app.kubernetes.io/managed-by': 'scan-status' };
    expect(labelsOf(1)).toEqual({ ...ours, 'scanstatus.dev/kept-until': '2025-06-11' });
    expect(labelsOf(2)).toEqual({ ...ours, 'scanstatus.dev/due-at': '2025-06-10T12.00.00.000Z' });
  });

  it('are asked for by name alone, and listed by label without what they hold', async () => {
    const { server, state } = await start();
    const expected = await put(state, 1, { keepUntil: NOW - 2 * DAY });
    await state.get(keyAt(1));
    await state.put({ key: keyAt(1), value: '1', keepUntil: NOW - 2 * DAY, ...(expected && { expected }) });
    const listed = server.asked.length;
    await state.due(NOW, 10);
    const one = `alerts/configmaps/${keyAt(1)}`;
    expect(verbs(server)).toEqual([
      'POST alerts/configmaps',
      `GET ${one}`,
      `PUT ${one}`,
      'GET alerts/configmaps',
      'GET alerts/configmaps',
      `DELETE ${one}`,
    ]);
    for (const { headers, query } of server.asked.slice(listed, -1)) {
      expect(headers.accept).toContain('as=PartialObjectMetadataList');
      expect(query).toMatchObject({
        labelSelector: expect.stringContaining('scanstatus.dev/'),
        limit: expect.any(String),
      });
    }
  });

  it('are found by pages, however many are due, the earliest first', async () => {
    const { server, state } = await start();
    const COUNT = 1_203;
    for (let at = 0; at < COUNT; at += 1) {
      const dueAt = new Date(NOW - ((at * 7) % COUNT) * 1_000).toISOString().replaceAll(':', '.');
      const labels = { 'app.kubernetes.io/managed-by': 'scan-status', 'scanstatus.dev/due-at': dueAt };
      const metadata = { namespace: NAMESPACE, name: keyAt(at), uid: `uid-${at}`, labels };
      server.objects.put('configmaps', { metadata });
    }
    const byInstant = Array.from({ length: COUNT }, (_, at) => at).toSorted(
      (a, b) => ((b * 7) % COUNT) - ((a * 7) % COUNT),
    );
    expect(await state.due(NOW, 20)).toEqual(byInstant.slice(0, 20).map(keyAt));
    // Three pages, and nothing that may be forgotten.
    expect(server.asked).toHaveLength(4);
    expect(await state.due(NOW, 2_000)).toEqual(byInstant.map(keyAt));
  });

  it('are forgotten some at a time', async () => {
    const { server, state } = await start();
    for (let at = 0; at < 120; at += 1) await put(state, at, { keepUntil: NOW - (1 + (at % 90)) * DAY });
    await put(state, 200, { keepUntil: NOW });
    const left: number[] = [];
    for (let times = 0; times < 4; times += 1) {
      await state.due(NOW, 1);
      left.push(names(server).length);
    }
    expect(left).toEqual([71, 21, 1, 1]);
    expect(names(server)).toEqual([keyAt(200)]);
  });

  it("leaves alone what is somebody else's, however it is labelled", async () => {
    const { server, state } = await start();
    const labels = {
      'app.kubernetes.io/managed-by': 'scan-status',
      'scanstatus.dev/due-at': '2025-06-01T00.00.00.000Z',
      'scanstatus.dev/kept-until': '2025-06-01',
    };
    const theirs = [
      { name: 'kube-root-ca.crt', labels: {} },
      { name: 'labelled-by-hand', labels },
      { name: keyAt(1), labels: { ...labels, 'app.kubernetes.io/managed-by': 'somebody' } },
    ];
    for (const [at, metadata] of theirs.entries())
      server.objects.put('configmaps', { metadata: { ...metadata, namespace: NAMESPACE, uid: String(at) } });
    server.objects.put('configmaps', { metadata: { namespace: 'other', name: keyAt(2), uid: '4', labels } });
    expect(await state.due(NOW, 10)).toEqual([]);
    expect(verbs(server)).toEqual(['GET alerts/configmaps', 'GET alerts/configmaps']);
  });

  it('keep what was written again after it was listed to be forgotten', async () => {
    const { server, state } = await start();
    await put(state, 1, { keepUntil: NOW - 2 * DAY });
    server.trouble(({ method }) => {
      if (method !== 'DELETE') return undefined;
      const found = server.objects.get('configmaps', NAMESPACE, keyAt(1));
      if (found !== undefined) server.objects.put('configmaps', found);
      return undefined;
    });
    expect(await state.due(NOW, 10)).toEqual([]);
    expect(names(server)).toEqual([keyAt(1)]);
  });

  it('that cannot be removed keep nobody from what is due, and are told once nothing is', async () => {
    const { server, state } = await start();
    await put(state, 1, { keepUntil: NOW - 2 * DAY });
    const expected = await put(state, 2, { dueAt: NOW });
    server.trouble(({ method }) => (method === 'DELETE' ? { answer: 403 } : undefined));
    expect(await state.due(NOW, 10)).toEqual([keyAt(2)]);
    await state.put({ key: keyAt(2), value: '1', keepUntil: NOW, ...(expected && { expected }) });
    await expect(state.due(NOW, 10)).rejects.toThrow(Unavailable);
  });

  it('that were damaged by hand read as no JSON, and can be written over', async () => {
    const { server, state } = await start();
    await put(state, 1);
    const { metadata } = server.objects.get('configmaps', NAMESPACE, keyAt(1)) ?? {};
    if (metadata !== undefined) server.objects.put('configmaps', { metadata });
    const read = await state.get(keyAt(1));
    expect(read?.value).toBe('');
    expect(
      await state.put({ key: keyAt(1), value: '1', keepUntil: NOW, ...(read && { expected: read.version }) }),
    ).toEqual(expect.any(String));
    expect((await state.get(keyAt(1)))?.value).toBe('1');
  });

  it('count what is added once, whatever answers get lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.constantFrom(undefined, undefined, 'cut before', 'cut after')),
        async (troubles) => {
          const { server, state } = await start();
          server.trouble(() => troubles.next().value);
          let sum = 0;
          for (let time = 0; time < 8; time += 1) {
            const added = await increment(state, keyAt(1)).catch((error: unknown) => {
              // Nobody answered three times in a row: it may have been added or not.
              expect(error).toBeInstanceOf(Unavailable);
              return undefined;
            });
            if (added === undefined) break;
            expect(added).toBe(sum + 1);
            sum = added;
          }
          server.trouble(() => undefined);
          expect([sum, sum + 1]).toContain(Number((await state.get(keyAt(1)))?.value ?? 0));
        },
      ),
      { numRuns: 30 },
    );
  });

  const status = (code: number, reason: string, name?: string) => ({
    answer: code,
    body: JSON.stringify({ kind: 'Status', reason, message: 'no', code, ...(name && { details: { name } }) }),
  });

  it.each([
    ['does not know us', { answer: 401 }],
    ['refuses us', status(403, 'Forbidden', keyAt(1))],
    ['has no such namespace', status(404, 'NotFound', NAMESPACE)],
    ['knows no such path', { answer: 404, body: '404 page not found' }],
    ['is at odds with itself', status(409, 'Conflict', keyAt(1))],
    ['finds us too large', status(413, 'RequestEntityTooLarge')],
    ['finds us invalid', status(422, 'Invalid', keyAt(1))],
    ['is asked too much', { answer: 429, headers: { 'retry-after': '7' } }],
    ['fails', status(500, 'InternalError')],
    ['is not ready', { answer: 503 }],
    ['is a page that says yes', { answer: 200, body: '<html>Welcome</html>' }],
    ['is a text that says yes', { answer: 200, body: '"yes"' }],
    ['never answers in full', 'cut before' as const],
  ])('are unavailable where the server %s', async (_, trouble) => {
    const { server, state } = await start();
    server.trouble(() => trouble);
    const write = { key: keyAt(1), value: '1', keepUntil: NOW };
    const asks = [
      () => state.get(keyAt(1)),
      () => state.put(write),
      () => state.put({ ...write, expected: '5' }),
      () => state.due(NOW, 1),
    ];
    for (const ask of asks) expect((await errorOf(ask())).name).toBe('Unavailable');
    if (typeof trouble === 'object' && 'headers' in trouble)
      await expect(state.get(keyAt(1))).rejects.toMatchObject({ retryAfter: 7 });
  });

  it('need an API server', async () => {
    await expect(openAlertState({ configMaps: { namespace: NAMESPACE } })).rejects.toThrow('without an API server');
  });
});
