/** The CRDs on a real server: they take whatever the functions write, and no condition without its fact. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import { cutWorst, failedFinish, type Run, verdictTexts } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, type Runs } from '../../shared/conditions/runs.ts';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { scanSpec } from '../../shared/scans/spec.ts';
import { second, someFacts } from '../support/arbitraries.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { kubectlText } from './support/cluster.ts';
import { complete, denied, failed, later, passed, started, verdictOf } from './support/runs.ts';
import {
  eventually,
  GROUP,
  install,
  type Kind,
  newNamespace,
  newScan,
  projected,
  SPECS,
  scanWith,
} from './support/scans.ts';

const admin = apiOf(cluster());
const kubectl = (...args: readonly string[]) => kubectlText(cluster(), args);
const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const PLURALS = ['imagescans', 'sourcescans', 'scantemplates', 'scanpolicies'];
let namespace = '';

beforeAll(async () => {
  await install('crds');
  namespace = await newNamespace(admin, 'crds');
  for (const plural of PLURALS)
    await eventually(
      async () => (await admin.get(`/apis/${GROUP}/v1beta1/namespaces/${namespace}/${plural}`)).code === 200,
    );
}, 60_000);

const cveCount = { CRITICAL: 1, HIGH: 2, MEDIUM: 3, LOW: 4, UNKNOWN: 0, CVETOTAL: 10 };
/** A run that tells all there is to tell. */
const told: Run = {
  ...passed,
  generation: 1,
  verdict: { ...verdictOf('passed'), cveCount, scanner: { name: 'Grype', vendor: 'Anchore', version: '0.33' } },
};

describe('the documentation of the CRDs', () => {
  const undescribed = (schema: JsonObject, path: string): readonly string[] => [
    ...(typeof schema.description === 'string' && schema.description.length > 5 ? [] : [path]),
    ...Object.entries(isJsonObject(schema.properties) ? schema.properties : {})
      // The server allows no description of its own metadata.
      .filter(([name]) => !(path === '' && name === 'metadata'))
      .flatMap(([name, field]) => undescribed(field as JsonObject, `${path}.${name}`)),
    ...(isJsonObject(schema.items) ? undescribed(schema.items, `${path}[]`) : []),
  ];

  it.each(PLURALS)('describes every field of %s', async (plural) => {
    const { spec } = (await admin.get(`${crdPath}/${plural}.${GROUP}`)).body as {
      spec: { versions: { schema: { openAPIV3Schema: JsonObject } }[] };
    };
    for (const { schema } of spec.versions) expect(undescribed(schema.openAPIV3Schema, '')).toEqual([]);
  });

  it('teaches what the conditions mean', async () => {
    const text = (await kubectl('explain', 'imagescan.status.conditions')).replace(/\s+/g, ' ');
    expect(text).toContain('PolicySucceeded: True where the policy passed the result');
    expect(text).toContain('error <string>');
    expect(await kubectl('explain', 'sourcescan.status.runs.finish')).toContain('inferred');
  });
});

describe('kubectl get', () => {
  const cells = (text: string): readonly (readonly string[])[] =>
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/\s{2,}/));
  const counts = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN', 'CVETOTAL'];

  it('shows image scans at a glance', async () => {
    const own = await newNamespace(admin, 'glance');
    await scanWith(admin, own, [told]);
    const [header, row] = cells(await kubectl('get', 'imgscan', '-n', own));
    expect(header).toEqual(['NAME', 'PHASE', 'SCANNEDIMAGE', 'AGE', ...counts]);
    expect(row).toEqual([
      expect.anything(),
      'Completed',
      SPECS.ImageScan.registry.image,
      expect.stringMatching(/^\d+s$/),
      ...['1', '2', '3', '4', '0', '10'],
    ]);
  });

  it.each([
    ['git', { git: { url: 'ssh://git@example.com/shop.git', revision: 'main' } }],
    ['blob', { blob: { url: 'http://example.com/shop.tar.gz', revision: 'main@sha1:8d4c' } }],
  ])('shows source scans of a %s at a glance', async (source, spec) => {
    const own = await newNamespace(admin, 'glance');
    const scan = await newScan(admin, own, 'SourceScan', { ...spec, scanTemplate: 'template' });
    await admin.writeStatus(scan, await projected(admin, scan, [told]));
    const [header, row] = cells(await kubectl('get', 'srcscan', '-n', own));
    const { url, revision } = Object.values(spec)[0] as { url: string; revision: string };
    expect([source, ...(header ?? [])]).toEqual([
      source,
      'NAME',
      'PHASE',
      'SCANNEDREVISION',
      'SCANNEDREPOSITORY',
      'AGE',
      ...counts,
    ]);
    expect(row?.slice(1, 4)).toEqual(['Completed', revision, url]);
  });
});

describe('the CRDs take', () => {
  const recorded = JSON.parse(readFileSync(new URL('../recorded/scans.json', import.meta.url), 'utf8')) as {
    items: { kind: Kind; spec: JsonObject }[];
  };

  it.each(recorded.items)('the recorded $kind', async ({ kind, spec }) => {
    const { spec: kept } = (await admin.get(await newScan(admin, namespace, kind, spec))).body;
    expect(kept).toEqual(spec);
  });

  it('the samples, and keep every field of them', async () => {
    const own = await newNamespace(admin, 'samples');
    await install('samples', '-n', own, '--validate=strict');
    for (const plural of PLURALS) {
      const { items } = (await admin.get(`/apis/${GROUP}/v1beta1/namespaces/${own}/${plural}`)).body as {
        items: JsonObject[];
      };
      expect(items).toHaveLength(1);
    }
  });

  /** The statuses after each of the facts, as the functions write them one by one. */
  const history = (facts: readonly Run[], kind: Kind): readonly JsonObject[] => {
    const statuses: JsonObject[] = [];
    let runs: Runs = [];
    for (const fact of facts) {
      const next = addRun(runs, fact);
      if (next !== runs) statuses.push(project({}, next, scanSpec(SPECS[kind])));
      runs = next;
    }
    return statuses;
  };

  it('whatever the functions write, fact by fact, and drop nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(someFacts, fc.constantFrom<Kind>('ImageScan', 'SourceScan'), async (facts, kind) => {
        const scan = await newScan(admin, namespace, kind);
        for (const status of history(facts, kind)) {
          const { body, message } = await admin.writeStatus(scan, status);
          expect(message).toBe('');
          expect(canonicalJson(body.status)).toBe(canonicalJson(status));
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it.each(['x', '"', '\\', 'é', '漢', '🦀', '\n'])('five runs with the longest texts, of %j', async (character) => {
    const long = (length = 40_000) => character.repeat(length);
    const fields = { name: long(128).slice(0, 384), vendor: long(90), version: long(90) };
    const runs = Array.from(
      { length: 5 },
      (_, at): Run => ({
        uid: `${'u'.repeat(127)}${at}`,
        job: 'j'.repeat(253),
        age: second(at),
        createdAt: second(at),
        startedAt: second(at),
        generation: Number.MAX_SAFE_INTEGER,
        finish: failedFinish(second(8), { reason: long(), message: long(), error: long() }),
        ...(at % 2 === 0 && {
          verdict: {
            at: second(9),
            policy: { name: 'p'.repeat(253), digest: 'd'.repeat(256), generation: Number.MAX_SAFE_INTEGER },
            verdict: at === 0 ? 'error' : 'failed',
            ...verdictTexts(
              at === 0 ? 'error' : 'failed',
              Array.from({ length: 9_000 }, (__, id) => long(9) + id),
              long(),
            ),
            cveCount: { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: Number.MAX_SAFE_INTEGER },
            scanner: fields,
            worst: cutWorst(Array.from({ length: 20 }, () => ({ id: long(90), severity: '', fixedIn: long(90) }))),
          },
        }),
      }),
    );
    const scan = await newScan(admin, namespace);
    const status = project({}, runs.reduce(addRun, [] as Runs), scanSpec(SPECS.ImageScan));
    const { body, message } = await admin.writeStatus(scan, status);
    expect(message).toBe('');
    expect(canonicalJson(body.status)).toBe(canonicalJson(status));
  });

  it('conditions and fields of others, before and beside ours', async () => {
    const scan = await newScan(admin, namespace);
    const theirs = {
      conditions: [
        { type: 'SendingResults', status: 'True', reason: 'Busy', extra: { deep: [1] } },
        { type: 'example.com/Ready', status: 'False' },
      ],
      lastSent: { by: 'other', parts: [{ name: 'one' }] },
    };
    expect((await admin.patch(`${scan}/status`, { status: theirs })).message).toBe('');
    const status = await projected(admin, scan, [passed]);
    const { body } = await admin.writeStatus(scan, status);
    expect(body.status).toEqual(status);
    expect(body.status).toMatchObject({ lastSent: theirs.lastSent });
    expect((body.status as { conditions: unknown[] }).conditions.slice(3)).toEqual(theirs.conditions);
  });
});

type Change = (status: JsonObject) => JsonObject;

const OURS = ['Scanning', 'Succeeded', 'PolicySucceeded'] as const;
const conditionsOf = (status: JsonObject) => status.conditions as readonly JsonObject[];
const eachCondition =
  (change: (condition: JsonObject) => JsonObject): Change =>
  (status) => ({ ...status, conditions: conditionsOf(status).map(change) });
const without = (name: string): Change => {
  return ({ [name]: _, ...rest }) => rest;
};
const withField =
  (name: string, value: unknown): Change =>
  (status) => ({ ...status, [name]: value });

/** Lies: what no facts project to. Each may leave some statuses as they are. */
const LIES: readonly (readonly [name: string, lie: Change])[] = [
  ['a condition is missing', (status) => ({ ...status, conditions: conditionsOf(status).slice(1) })],
  ['no condition is left', withField('conditions', [])],
  ...OURS.map((type): readonly [string, Change] => [
    `${type} is made up`,
    (status) =>
      conditionsOf(status).some((condition) => condition.type === type)
        ? status
        : {
            ...status,
            conditions: [
              ...conditionsOf(status),
              { type, status: 'True', reason: 'Made', message: 'up', error: '', lastTransitionTime: second(1) },
            ],
          },
  ]),
  [
    'a status is turned',
    eachCondition((condition) => ({ ...condition, status: condition.status === 'True' ? 'False' : 'True' })),
  ],
  ['a reason differs', eachCondition((condition) => ({ ...condition, reason: 'Other' }))],
  ['a message differs', eachCondition((condition) => ({ ...condition, message: 'other' }))],
  ['a message is missing', eachCondition(without('message'))],
  ['an error differs', eachCondition((condition) => ({ ...condition, error: 'other' }))],
  ['an error is missing', eachCondition(without('error'))],
  ['an instant differs', eachCondition((condition) => ({ ...condition, lastTransitionTime: second(3_000) }))],
  ['an instant is missing', eachCondition(without('lastTransitionTime'))],
  ['a generation differs', eachCondition((condition) => ({ ...condition, observedGeneration: 99 }))],
  ['a generation is missing', eachCondition(without('observedGeneration'))],
  ['the generation differs', withField('observedGeneration', 99)],
  ['the generation is missing', without('observedGeneration')],
  ...['Pending', 'Scanning', 'Completed', 'Failed', 'Error'].map((phase): readonly [string, Change] => [
    `the phase is ${phase}`,
    withField('phase', phase),
  ]),
  ['the phase is missing', without('phase')],
  ['the counts differ', withField('cveCount', { CRITICAL: 0, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: 0 })],
  ['the counts are missing', without('cveCount')],
  ['the scanner differs', withField('scannedBy', { scanner: { name: 'Other' } })],
  ['the scanner is missing', without('scannedBy')],
  ['the instant of the scan differs', withField('scannedAt', second(3_000))],
  ['the instant of the scan is missing', without('scannedAt')],
  ['the artifact is another', withField('artifact', { registry: { image: 'other' }, git: { url: 'other' } })],
  ['the compliant artifact is another', withField('compliantArtifact', { registry: { image: 'other' } })],
  ['the compliant artifact is missing', without('compliantArtifact')],
  ['the artifact is called compliant', (status) => ({ ...status, compliantArtifact: status.artifact })],
  ['the runs are gone', withField('runs', [])],
  [
    'an older run is called the newest',
    (status) => {
      const { runs, artifact } = status as { runs: Runs; artifact: JsonObject };
      const turned = project(status, runs.toReversed(), { artifact, namesPolicy: 'registry' in artifact });
      // Where nothing else changes, the order of the runs deceives nobody: who reads them sorts them.
      return canonicalJson({ ...turned, runs }) === canonicalJson(status) ? status : turned;
    },
  ],
];

describe('the CRDs refuse', () => {
  it('whatever does not follow from the facts, on a new scan and on one that stands', async () => {
    const tried = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        someFacts.map((facts) => facts.reduce(addRun, [] as Runs)).filter((runs) => runs.length > 0),
        fc.constantFrom<Kind>('ImageScan', 'SourceScan'),
        fc.boolean(),
        async (runs, kind, stands) => {
          const scan = await newScan(admin, namespace, kind);
          const truth = project({}, runs, scanSpec(SPECS[kind]));
          if (stands) expect((await admin.writeStatus(scan, truth)).message).toBe('');
          for (const [name, lie] of LIES) {
            const status = lie(truth);
            if (canonicalJson(status) === canonicalJson(truth)) continue;
            tried.add(name);
            expect([name, (await admin.writeStatus(scan, status)).code]).toEqual([name, 422]);
          }
        },
      ),
      { numRuns: 30, examples: [[[told], 'ImageScan', true]] },
    );
    expect(LIES.map(([name]) => name).filter((name) => !tried.has(name))).toEqual([]);
  }, 120_000);

  it.each([
    ['a run that becomes unfinished', [complete], [started], 'a run that has finished never becomes unfinished'],
    ['a verdict that vanishes', [passed], [complete], 'a verdict on a run never vanishes'],
    ['an age that rises', [started], [{ uid: 'a', age: second(1), startedAt: second(1) }], 'it never rises'],
    ['a start that rises', [started], [{ ...started, startedAt: second(2) }], 'the earlier stands'],
    ['a creation that vanishes', [started], [{ uid: 'a', age: second(0), startedAt: second(1) }], 'none vanishes'],
    ['an age later than a fact', [], [{ ...started, age: second(1) }], 'no fact of the run is earlier'],
    ['runs out of order', [], [started, { ...started, uid: 'b' }], 'runs stand newest first'],
    ['a uid twice', [], [started, started], 'Duplicate value'],
    [
      'an instant that no calendar has',
      [],
      [{ uid: 'a', age: '2026-02-30T00:00:00Z' } as Run],
      'must be of type date-time',
    ],
    ['an instant with an offset', [], [{ uid: 'a', age: '2026-02-20T00:00:00+01:00' } as Run], 'should match'],
    [
      'six runs',
      [],
      [5, 4, 3, 2, 1, 0].map((at): Run => ({ uid: `${at}`, age: second(at), startedAt: second(at) })),
      'must have at most 5 items',
    ],
  ] as const)('%s', async (_, before, after, why) => {
    const scan = await scanWith(admin, namespace, before);
    const { code, message } = await admin.writeStatus(scan, await projected(admin, scan, after));
    expect(message).toContain(why);
    expect(code).toBe(422);
  });

  it('what would follow from an older run, even where the runs were turned round before', async () => {
    const newer = later('b', 1, denied);
    const scan = await scanWith(admin, namespace, [newer, passed]);
    // To the CRD the same runs in another order are no change, so it is the admission policy that refuses this alone.
    expect([200, 403]).toContain((await admin.patch(`${scan}/status`, { status: { runs: [passed, newer] } })).code);
    expect((await admin.writeStatus(scan, await projected(admin, scan, [passed, newer]))).code).toBe(422);
    expect((await admin.writeStatus(scan, await projected(admin, scan, [newer, passed]))).code).toBe(200);
  });

  it('a SourceScan without a source, or with two', async () => {
    const [blob, git] = [{ url: 'a' }, { url: 'b' }];
    for (const sources of [{}, { blob, git }])
      await expect(newScan(admin, namespace, 'SourceScan', { ...sources, scanTemplate: 'template' })).rejects.toThrow(
        'a SourceScan has one source',
      );
  });
});

describe('a status lets its scan live on', () => {
  it('where the spec names another image or policy later', async () => {
    const scan = await scanWith(admin, namespace, [passed]);
    for (const spec of [{ registry: { image: 'other' } }, { scanPolicy: null }])
      expect((await admin.patch(scan, { spec })).message).toBe('');
    expect((await admin.patch(`${scan}/status`, { status: { lastSent: 1 } })).message).toBe('');
    const status = await projected(admin, scan, addRun([passed], later('b', 1, failed)));
    expect(status).toMatchObject({ phase: 'Error', artifact: { registry: { image: 'other' } } });
    expect((await admin.writeStatus(scan, status)).message).toBe('');
  });
});

describe('a scan that an earlier controller kept', () => {
  const legacyGroup = `${randomUUID().slice(0, 8)}.example.com`;
  const path = () => `/apis/${legacyGroup}/v1beta1/namespaces/${namespace}/imagescans/old`;
  const legacy = {
    phase: 'Completed',
    artifact: { registry: { image: 'old' } },
    compliantArtifact: { registry: { image: 'old' } },
    scannedAt: second(0),
    observedGeneration: 7,
    conditions: [
      { type: 'Succeeded', status: 'True', reason: 'JobFinished', message: 'Done', lastTransitionTime: second(0) },
      { type: 'SendingResults', status: 'True', reason: 'no word', message: 'old' },
    ],
  };

  beforeAll(async () => {
    const { spec } = (await admin.get(`${crdPath}/imagescans.${GROUP}`)).body as {
      spec: { names: JsonObject; versions: JsonObject[] };
    };
    const crd = {
      metadata: { name: `imagescans.${legacyGroup}` },
      spec: { ...spec, group: legacyGroup, names: { ...spec.names, shortNames: [], categories: [] } },
    };
    const open = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const opened = { ...crd.spec, versions: spec.versions.map((version) => ({ ...version, schema: open })) };
    await admin.create(crdPath, { ...crd, spec: opened });
    const scan = { apiVersion: `${legacyGroup}/v1beta1`, kind: 'ImageScan', metadata: { name: 'old' } };
    const scans = path().replace('/old', '');
    await eventually(async () => (await admin.create(scans, { ...scan, spec: SPECS.ImageScan })).code === 201);
    expect((await admin.patch(`${path()}/status`, { status: legacy })).message).toBe('');
    expect((await admin.patch(`${crdPath}/imagescans.${legacyGroup}`, crd)).message).toBe('');
    const forged = { status: { phase: 'Error' } };
    await eventually(async () => (await admin.patch(`${path()}/status?dryRun=All`, forged)).code === 422);
  }, 60_000);

  it('stops nobody from writing what is not ours', async () => {
    const [ours] = legacy.conditions;
    const theirs = { type: 'SendingResults', status: 'False', reason: 'Sent', message: '' };
    for (const conditions of [legacy.conditions, [ours, theirs]])
      expect((await admin.patch(`${path()}/status`, { status: { conditions, lastSent: 1 } })).message).toBe('');
    expect((await admin.patch(path(), { spec: { scanTemplate: 'other' } })).message).toBe('');
  });

  it('gets no new word of ours without a fact', async () => {
    const turned = legacy.conditions.map((condition) => ({ ...condition, status: 'False' }));
    for (const status of [
      { conditions: turned },
      { scannedAt: second(1) },
      { compliantArtifact: { registry: { image: 'new' } } },
    ])
      expect((await admin.patch(`${path()}/status`, { status })).code).toBe(422);
  });

  it('is taken over with the first fact', async () => {
    const status = await projected(admin, path(), [passed]);
    const { body, message } = await admin.writeStatus(path(), status);
    expect(message).toBe('');
    expect(body.status).toEqual(status);
  });
});
