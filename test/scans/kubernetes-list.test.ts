/** Lists of an API server's scans: in our order, page by page, and of the namespaces that are kept. */
import { describe, expect, it } from '@jest/globals';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { apiServers } from '../support/api-server.ts';
import { kubernetesStores, putScans } from '../support/kubernetes-stores.ts';
import { scanNamed } from '../support/store-contract.ts';

const serve = apiServers();
const open = kubernetesStores();

const keysIn = async (store: ScanStore): Promise<readonly string[]> => {
  const all: string[] = [];
  for await (const { scan } of store.list()) all.push(`${scan.namespace}/${scan.kind}/${scan.name}`);
  return all;
};

const many = Array.from({ length: 600 }, (_, at) => scanNamed(`scan-${1_000 + at}`));

describe('a list', () => {
  it('goes by namespace where the server goes by key', async () => {
    const server = await serve();
    putScans(
      server,
      ...['a', 'a-b', 'a0', 'b'].flatMap((namespace) =>
        ['ImageScan', 'SourceScan'].map((kind) => scanNamed('x', { namespace, kind })),
      ),
    );
    const byKey = server.objects.list('imagescans', { limit: 0, from: '' }).items;
    expect(byKey.map(({ metadata }) => metadata.namespace)).toEqual(['a-b', 'a', 'a0', 'b']);
    expect(await keysIn(open(server).store)).toEqual(
      ['a', 'a-b', 'a0', 'b'].flatMap((namespace) => [`${namespace}/ImageScan/x`, `${namespace}/SourceScan/x`]),
    );
  });

  it('is read in pages, and of the namespaces only what names them', async () => {
    const server = await serve();
    putScans(server, ...many);
    expect(await keysIn(open(server).store)).toEqual(many.map(({ name }) => `team/ImageScan/${name}`));
    const pages = server.asked.map(({ query, headers }) => ({
      limit: Number(query.limit),
      isBare: headers.accept?.includes('PartialObjectMetadataList') ?? false,
    }));
    expect(pages.filter(({ isBare }) => isBare)).toHaveLength(4);
    expect(pages.filter(({ isBare }) => !isBare)).toHaveLength(4);
    expect(pages.every(({ limit }) => limit === 250)).toBe(true);
  });

  it('asks only for the namespaces that are kept', async () => {
    const server = await serve();
    putScans(server, scanNamed('x'), scanNamed('y', { namespace: 'other' }), scanNamed('z', { namespace: 'third' }));
    const { store } = open(server, { namespaces: ['third', 'team', 'absent'] });
    expect(await keysIn(store)).toEqual(['team/ImageScan/x', 'third/ImageScan/z']);
    expect(server.asked.filter(({ path }) => !path.includes('/namespaces/'))).toEqual([]);
  });

  it('ends with what is wrong where a page cannot be had', async () => {
    const server = await serve();
    putScans(server, ...many);
    server.trouble(({ query, headers }) =>
      query.continue !== undefined && !headers.accept?.includes('Partial') ? { answer: 503 } : undefined,
    );
    const scans = open(server).store.list()[Symbol.asyncIterator]();
    for (let at = 0; at < 250; at += 1) expect((await scans.next()).done).toBe(false);
    await expect(scans.next()).rejects.toThrow(Unavailable);
  });

  it('reads a page again whose answer was lost', async () => {
    const server = await serve();
    putScans(server, ...many);
    let cuts = 0;
    server.trouble(({ query }) => {
      if (query.continue === undefined || cuts === 2) return undefined;
      cuts += 1;
      return 'cut after';
    });
    expect(await keysIn(open(server).store)).toHaveLength(600);
    expect(cuts).toBe(2);
  });
});
