/** Reports of a replay: JSON for programs, to the letter, and text for people that no terminal obeys. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allFunctions } from '../../functions/all.ts';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import type { Line } from '../../shared/replay/lines.ts';
import { jsonReport, type Report, textReport, type Write } from '../../shared/replay/report.ts';
import { replay, type Summary } from '../../shared/replay/run.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { NO_SPEC, type StoredScan } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { cloudEventOf, finishedEvent, startedEvent } from '../support/cli-records.ts';
import { blocksOf } from '../support/cli-replay.ts';
import { TRUTH, webhookRequests } from '../support/recorded.ts';

type Reporter = (write: Write) => Report;

const inJson: Reporter = (write) => jsonReport(write, false);
const inText: Reporter = (write) => textReport(write, false, false);
const inTextWithEvents: Reporter = (write) => textReport(write, false, true);

/** What a report writes, put together. */
const written = async (reporter: Reporter, work: (report: Report) => Promise<void>): Promise<string> => {
  let text = '';
  const report = reporter(async (piece) => {
    text += piece;
  });
  await work(report);
  return text;
};

/** The report on a replay of these lines. */
const reportOn = (texts: readonly Line['text'][], reporter: Reporter, maximum = 1_000): Promise<string> =>
  written(reporter, async (report) => {
    const store = memoryStore({ maximum });
    const services = { store, scope: readScope({}) };
    const observer = { event: report.event, progress: () => {} };
    await report.finish(store.list(), await replay(blocksOf(texts), allFunctions, services, observer));
  });

/** A scan of each status, as a store lists them. */
async function* storedScans(...statuses: readonly JsonObject[]): AsyncGenerator<StoredScan> {
  for (const status of statuses) yield { scan: cart, status, resourceVersion: '1', runs: [], spec: NO_SPEC };
}

const none: Summary = { applied: 0, duplicate: 0, superseded: 0, ignored: 0, rejected: 0, unavailable: 0 };
const text = (value: unknown): string => JSON.stringify(value);
const webhook = webhookRequests.map((request) => text(request));
const cart = { kind: 'ImageScan', namespace: 'shop', name: 'cart', uid: 'uid-of-cart' };
const started = startedEvent({ at: '2026-11-23T06:00:00Z' });
const finished = finishedEvent({ at: '2026-11-23T06:05:00Z' });
const ownerless = cloudEventOf(webhookRequests[21] as (typeof webhookRequests)[number]);
const twoScans = [startedEvent({ name: 'till', at: '2026-11-23T06:00:00Z' }), started];

describe('jsonReport', () => {
  it('holds the scans, the events and the summary, and nothing else', async () => {
    const texts = [text(started), 'no JSON', text(finished), text(finished), text(ownerless)];
    expect(JSON.parse(await reportOn(texts, inJson))).toEqual({
      scans: [
        {
          ...cart,
          status: {
            phase: 'Completed',
            scannedAt: '2026-11-23T06:05:00Z',
            conditions: [
              {
                type: 'Scanning',
                status: 'False',
                reason: 'JobFinished',
                message: 'The scan job terminated',
                error: '',
                lastTransitionTime: '2026-11-23T06:05:00Z',
              },
              {
                type: 'Succeeded',
                status: 'True',
                reason: 'JobFinished',
                message: 'The scan job finished',
                error: '',
                lastTransitionTime: '2026-11-23T06:05:00Z',
              },
            ],
            runs: [
              {
                uid: 'run-of-cart',
                job: 'scan-cart',
                age: '2026-11-23T06:00:00Z',
                startedAt: '2026-11-23T06:00:00Z',
                finish: {
                  at: '2026-11-23T06:05:00Z',
                  outcome: 'complete',
                  message: 'The scan job finished',
                  error: '',
                },
              },
            ],
          },
        },
      ],
      events: [
        {
          line: 1,
          id: 'job-started 2026-11-23T06:00:00Z',
          type: 'dev.scanstatus.job-started.v1',
          outcome: 'applied',
          scan: cart,
          changes: [{ type: 'Scanning', to: 'True' }],
        },
        { line: 2, id: null, type: null, outcome: 'rejected', scan: null, changes: [], error: 'line: must be JSON' },
        {
          line: 3,
          id: 'job-finished 2026-11-23T06:05:00Z',
          type: 'dev.scanstatus.job-finished.v1',
          outcome: 'applied',
          scan: cart,
          changes: [
            { type: 'Scanning', to: 'False' },
            { type: 'Succeeded', to: 'True' },
          ],
        },
        {
          line: 4,
          id: 'job-finished 2026-11-23T06:05:00Z',
          type: 'dev.scanstatus.job-finished.v1',
          outcome: 'duplicate',
          scan: cart,
          changes: [],
        },
        {
          line: 5,
          id: ownerless.id,
          type: 'dev.scanstatus.job-started.v1',
          outcome: 'ignored',
          scan: null,
          changes: [],
        },
      ],
      summary: { ...none, applied: 2, duplicate: 1, ignored: 1, rejected: 1 },
    });
  });

  it('tells the truth of the recording, sorted by namespace, kind, name and uid', async () => {
    const { scans, events, summary } = JSON.parse(await reportOn(webhook, inJson));
    const names = scans.map(({ namespace, kind, name }: typeof cart) => `${namespace}/${kind}/${name}`);
    expect(names).toEqual(Object.keys(TRUTH));
    expect(scans.map(({ status }: { status: JsonObject }) => status)).toMatchObject(Object.values(TRUTH));
    expect(events).toHaveLength(27);
    expect(summary).toEqual({ ...none, applied: 12, duplicate: 13, ignored: 2 });
  });

  it('writes equal scans as equal bytes, whatever the order of events', async () => {
    const scansOf = (report: string): string => report.slice(report.indexOf('"scans":'), report.indexOf('"summary":'));
    const inOrder = scansOf(await reportOn(webhook, inJson));
    expect(scansOf(await reportOn(webhook.toReversed(), inJson))).toBe(inOrder);
    const [scan] = JSON.parse(inOrder.slice('"scans":'.length).trimEnd().replace(/,$/, ''));
    expect(inOrder.split('\n')[1]).toBe(`${canonicalJson(scan)},`);
  });

  it('is JSON where nothing happened', async () => {
    expect(JSON.parse(await reportOn([], inJson))).toEqual({ scans: [], events: [], summary: none });
    expect(JSON.parse(await reportOn([''], inJson))).toEqual({ scans: [], events: [], summary: none });
  });

  it('is JSON where no event made a scan', async () => {
    const { scans, events } = JSON.parse(await reportOn(['no JSON', '1'], inJson));
    expect([scans, events.map(({ line }: { line: number }) => line)]).toEqual([[], [1, 2]]);
  });

  it('names the file of each event where there are several', async () => {
    const report = await reportOn([text(started)], (write) => jsonReport(write, true));
    expect(JSON.parse(report).events).toMatchObject([{ file: 'archive', line: 1 }]);
  });

  it('says why an event was unavailable', async () => {
    const { events } = JSON.parse(
      await reportOn(
        twoScans.map((event) => text(event)),
        inJson,
        1,
      ),
    );
    expect(events[1]).toMatchObject({
      outcome: 'unavailable',
      scan: cart,
      error: 'the store is full: 1 scans (SCAN_STORE_MAX)',
    });
  });
});

describe('textReport', () => {
  it('has a line for each scan and the summary', async () => {
    expect(await reportOn(webhook.slice(0, 5), inText)).toBe(
      [
        'team-checkout/ImageScan/checkout-image  d8960d87-3d4f-4e73-bc82-ab27de11343c  Completed  Scanning=False  Succeeded=True',
        'team-checkout/SourceScan/checkout-source  9bb797b2-a182-4e87-92a7-dd13527ab2c3  Error  Scanning=False  Succeeded=False (BackoffLimitExceeded: Job has reached the specified backoff limit)',
        'team-search/ImageScan/search-image  c75b1643-e8ff-4c7c-b972-3a022549769f  Scanning  Scanning=True',
        '5 applied, 0 duplicate, 0 superseded, 0 ignored, 0 rejected, 0 unavailable\n',
      ].join('\n'),
    );
  });

  it('lists the bad events by their lines', async () => {
    const report = await reportOn(
      [...[started, { ...started, type: 'what' }].map((event) => text(event)), 'no JSON'],
      inText,
    );
    expect(report.split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^line 2 {2}rejected {2}what {2}job-started 2026-11-23T06:00:00Z {2}type: must be one of /),
      'line 3  rejected  line: must be JSON',
    ]);
    expect(report).not.toContain('line 1');
  });

  it('lists an event that the store could not take', async () => {
    expect(
      await reportOn(
        twoScans.map((event) => text(event)),
        inText,
        1,
      ),
    ).toContain(
      'line 2  unavailable  dev.scanstatus.job-started.v1  job-started 2026-11-23T06:00:00Z  shop/ImageScan/cart  the store is full',
    );
  });

  it('lists all events where asked, with what they changed and why they did not', async () => {
    const older = startedEvent({ run: 'older', at: '2026-11-22T06:00:00Z' });
    const report = await reportOn(
      [finished, finished, older, ownerless].map((event) => text(event)),
      inTextWithEvents,
    );
    expect(report.split('\n').slice(0, 4)).toEqual([
      'line 1  applied  dev.scanstatus.job-finished.v1  job-finished 2026-11-23T06:05:00Z  shop/ImageScan/cart  Scanning=False Succeeded=True',
      'line 2  duplicate  dev.scanstatus.job-finished.v1  job-finished 2026-11-23T06:05:00Z  shop/ImageScan/cart',
      'line 3  superseded  dev.scanstatus.job-started.v1  job-started 2026-11-22T06:00:00Z  shop/ImageScan/cart  a newer run is known',
      `line 4  ignored  dev.scanstatus.job-started.v1  ${ownerless.id}  no scan owns the Job`,
    ]);
  });

  it('names the file of each event where there are several', async () => {
    expect(await reportOn(['no JSON'], (write) => textReport(write, true, false))).toContain('archive:1  rejected  ');
  });

  it('says of a failed policy which vulnerabilities failed it, and of an evaluation that went wrong why', async () => {
    const evaluated = (verdict: string, more: JsonObject) => ({
      ...started,
      type: 'dev.scanstatus.policy-evaluated.v1',
      data: {
        scan: cart,
        run: { uid: 'run-of-cart' },
        policy: { name: 'strict', digest: 'sha256:00' },
        evaluatedAt: '2026-11-23T06:06:00Z',
        verdict,
        violations: [],
        ...more,
      },
    });
    expect(await reportOn([text(evaluated('failed', { violations: ['CVE-2', 'CVE-1'] }))], inText)).toContain(
      'Failed  PolicySucceeded=False (Vulnerabilities that failed OPA policy: CVE-1, CVE-2)\n',
    );
    expect(await reportOn([text(evaluated('error', { error: 'no such rule' }))], inText)).toContain(
      'Error  PolicySucceeded=Unknown (no such rule)\n',
    );
    expect(await reportOn([text(evaluated('passed', {}))], inText)).toContain('  PolicySucceeded=True\n');
  });

  it("leaves other owners' conditions out, and names a scan that has none", async () => {
    const conditions = [{ type: 'Ready', status: 'True' }, 'no condition', { type: 'Scanning', status: 'True' }];
    const report = await written(inText, ({ finish }) =>
      finish(storedScans({ phase: 'Scanning', conditions }, { phase: 'Pending' }), none),
    );
    expect(report.split('\n').slice(0, 2)).toEqual([
      'shop/ImageScan/cart  uid-of-cart  Scanning  Scanning=True',
      'shop/ImageScan/cart  uid-of-cart  Pending',
    ]);
  });
});

describe('textReport, on what strangers wrote', () => {
  /** Every control character but the tab and the line feed. */
  const OBEYED = /[^\P{Cc}\t\n]/u;
  const hostile = fc.string({ unit: 'binary' }).map((noise) => `\u001b]0;title\u0007\u009b2J\r\n\u0085${noise}`);

  it('shows no control character of a line, and no line that is not its own', async () => {
    const bad = (noise: string): readonly string[] => [
      `${noise} is no JSON`,
      text({ ...started, id: noise }),
      text({ ...started, type: noise }),
      text({ ...started, [noise]: 'an extension' }),
      text({ id: noise, specversion: noise }),
      text({ rawHeaders: [`ce-${noise}`, 'a', `CE-${noise}`, 'b', 'content-type', noise], body: noise }),
    ];
    await fc.assert(
      fc.asyncProperty(hostile, async (noise) => {
        const texts = bad(noise);
        const report = await reportOn(texts, inText);
        expect(report).not.toMatch(OBEYED);
        expect(report.split('\n').map((line) => line.split('  ')[0])).toEqual([
          ...texts.map((_, at) => `line ${at + 1}`),
          expect.stringMatching(/^0 applied/),
          '',
        ]);
      }),
      { numRuns: 50 },
    );
  });

  const whys = fc.constantFrom(
    (noise: string) => new Rejected(noise, noise),
    (noise: string) => new Unavailable(noise),
    (noise: string) => noise,
  );

  it('shows none of whatever else it is handed', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, whys, async (noise, why) => {
        const line: Line = { number: 1, file: noise, text: noise, bytes: 1 };
        const scan = { kind: noise, namespace: noise, name: noise, uid: noise };
        const received = { outcome: 'rejected', id: noise, type: noise, scan, changes: [], causes: [] } as const;
        const conditions = [{ type: 'Succeeded', status: noise, error: noise }];
        const report = await written(
          (write) => textReport(write, true, true),
          async ({ event, finish }) => {
            await event(line, { ...received, why: why(noise) });
            await finish(storedScans({ phase: noise, conditions }), none);
          },
        );
        expect(report).not.toMatch(OBEYED);
        expect(report.split('\n')).toHaveLength(4);
      }),
      { numRuns: 50 },
    );
  });
});
