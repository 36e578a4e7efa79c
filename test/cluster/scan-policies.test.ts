/** The CRD of ScanPolicies on a real API server: which specs it takes, and what it says of others. */
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { cluster } from './support/access.ts';
import { type Answer, apiOf } from './support/api.ts';
import { GROUP, newNamespace } from './support/scans.ts';

const admin = apiOf(cluster());
let namespace = '';

beforeAll(async () => {
  namespace = await newNamespace(admin, 'scan-policies');
});

const create = (spec?: JsonObject): Promise<Answer> =>
  admin.create(`/apis/${GROUP}/v1beta1/namespaces/${namespace}/scanpolicies`, {
    apiVersion: `${GROUP}/v1beta1`,
    kind: 'ScanPolicy',
    metadata: { name: `policy-${randomUUID()}` },
    ...(spec && { spec }),
  });

const url = 'https://policies.example.com/strict.tar.gz?version=3';
const digest = `sha256:${'0'.repeat(64)}`;
const configMap = { name: 'strict' };

describe('a ScanPolicy may have', () => {
  it.each<[what: string, spec: JsonObject]>([
    ['Rego', { regoFile: 'package main' }],
    ['a bundle from a URL', { bundle: { url } }],
    ['a bundle from a URL, of one digest', { bundle: { url, digest } }],
    ['a bundle from a ConfigMap', { bundle: { configMap } }],
    [
      'a bundle from a ConfigMap, under a key of its own and of one digest',
      { bundle: { configMap: { ...configMap, key: 'b.tar.gz' }, digest } },
    ],
  ])('%s', async (_, spec) => {
    const { message, body } = await create(spec);
    expect(message).toBe('');
    expect(body.spec).toEqual(spec);
  });

  it('half a mebibyte of Rego', async () => {
    expect((await create({ regoFile: 'x'.repeat(524_288) })).message).toBe('');
    expect((await create({ regoFile: 'x'.repeat(524_289) })).message).toContain('may not be more than 524288 bytes');
  });
});

describe('a ScanPolicy may not have', () => {
  const EITHER = 'a ScanPolicy has either regoFile or bundle';
  const FROM = 'a bundle comes either from a url or from a configMap';

  it.each<[what: string, spec: JsonObject | undefined, problem: string]>([
    ['no spec', undefined, 'spec: Required value'],
    ['nothing', {}, EITHER],
    ['both', { regoFile: 'package main', bundle: { url } }, EITHER],
    ['a bundle from nowhere', { bundle: {} }, FROM],
    ['a bundle that only has a digest', { bundle: { digest } }, FROM],
    ['a bundle from two places', { bundle: { url, configMap } }, FROM],
    ['an empty text', { regoFile: '' }, 'should be at least 1 chars long'],
    ['a URL without TLS', { bundle: { url: 'http://policies.example.com/a' } }, 'spec.bundle.url'],
    ['a URL with a password', { bundle: { url: 'https://me:secret@policies.example.com/a' } }, 'spec.bundle.url'],
    ['a URL with a fragment', { bundle: { url: 'https://policies.example.com/a#b' } }, 'spec.bundle.url'],
    ['a digest of another kind', { bundle: { url, digest: 'md5:0' } }, 'spec.bundle.digest'],
    [
      'a ConfigMap without a name',
      { bundle: { configMap: { key: 'a' } } },
      'spec.bundle.configMap.name: Required value',
    ],
    ['a key that no ConfigMap has', { bundle: { configMap: { name: 'a', key: 'a/b' } } }, 'spec.bundle.configMap.key'],
  ])('%s', async (_, spec, problem) => {
    const { code, message } = await create(spec);
    expect(message).toContain(problem);
    expect(code).toBe(422);
  });
});
