/** The replay: which events it lets through, what it counts, and that nothing on a line can stop it. */
import { describe, expect, it } from '@jest/globals';
import { allFunctions } from '../../functions/all.ts';
import type { Instant } from '../../shared/conditions/instant.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import type { Line } from '../../shared/replay/lines.ts';
import { replay } from '../../shared/replay/run.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { cloudEventOf, finishedEvent, startedEvent } from '../support/cli-records.ts';
import { blocksOf, replayTexts } from '../support/cli-replay.ts';
import { apiServerEvents, TRUTH, webhookRequests } from '../support/recorded.ts';

const text = (value: unknown): string => JSON.stringify(value);
const webhook = webhookRequests.map((request) => text(request));
const none = { applied: 0, duplicate: 0, superseded: 0, ignored: 0, rejected: 0, unavailable: 0 };

/** The numbers of the lines whose events were replayed. */
const linesOf = ({ events }: Pick<Awaited<ReturnType<typeof replayTexts>>, 'events'>): readonly number[] =>
  events.map(({ line }) => line);

describe('replay', () => {
  it('counts each outcome of the recording, and tells the truth of all scans', async () => {
    const { summary, statuses } = await replayTexts(webhook);
    expect(summary).toEqual({ ...none, applied: 12, duplicate: 13, ignored: 2 });
    expect(statuses).toMatchObject(TRUTH);
  });

  it('says line by line what became of each event', async () => {
    const { events } = await replayTexts(webhook);
    const ignored = events.filter(({ received }) => received.outcome === 'ignored');
    expect(ignored.map(({ line, received }) => [line, received.why])).toEqual([
      [22, 'no scan owns the Job'],
      [23, 'no scan owns the Job'],
    ]);
    expect(linesOf({ events })).toEqual(webhook.map((_, at) => at + 1));
  });

  it('passes over blank lines, and counts them as lines', async () => {
    const replayed = await replayTexts(['', `${webhook[0]}\r`, '\r', ' \t', `  ${webhook[1]}  `]);
    expect(linesOf(replayed)).toEqual([2, 5]);
    expect(replayed.summary).toEqual({ ...none, applied: 2 });
  });

  it('reports bad lines by their numbers and goes on with the rest', async () => {
    const texts = [
      'no JSON',
      webhook[0] ?? '',
      new Rejected('line', 'must be UTF-8'),
      text({ ...startedEvent({ at: 'yesterday' }) }),
      webhook[1] ?? '',
    ];
    const { events, summary } = await replayTexts(texts);
    expect(summary).toEqual({ ...none, applied: 2, rejected: 3 });
    const rejected = events.filter(({ received }) => received.outcome === 'rejected');
    expect(rejected.map(({ line, received }) => [line, String(received.why)])).toEqual([
      [1, 'Rejected: line: must be JSON'],
      [3, 'Rejected: line: must be UTF-8'],
      [4, 'Rejected: data.startedAt: must be an RFC 3339 date-time'],
    ]);
  });

  it('counts a run that is older than the newest as superseded', async () => {
    const newer = startedEvent({ run: 'b', at: '2026-11-23T06:00:00Z' });
    const older = startedEvent({ run: 'a', at: '2026-11-23T05:00:00Z' });
    expect((await replayTexts([text(newer), text(older)])).summary).toEqual({ ...none, applied: 1, superseded: 1 });
  });

  it('counts what the store cannot take as unavailable and goes on', async () => {
    const events = ['one', 'two', 'one'].map((name) => text(startedEvent({ name, at: '2026-11-23T06:00:00Z' })));
    const { summary } = await replayTexts(events, { store: memoryStore({ maximum: 1 }) });
    expect(summary).toEqual({ ...none, applied: 1, duplicate: 1, unavailable: 1 });
  });

  it('reads a file that begins with a byte order mark', async () => {
    expect((await replayTexts([`\ufeff${webhook[0]}`])).summary).toEqual({ ...none, applied: 1 });
  });

  it('lets through of a whole Job only the facts that lie within the bounds', async () => {
    const watch = apiServerEvents.map(text);
    const selection = { scan: { namespace: 'team-checkout', name: 'checkout-source' } };
    const conditions = async (more: object): Promise<readonly unknown[]> => {
      const replayed = await replayTexts(watch, { selection: { ...selection, ...more } });
      const { conditions: found } = replayed.statuses['team-checkout/SourceScan/checkout-source'] ?? {};
      return (found as readonly { readonly type: string }[]).map(({ type }) => type);
    };
    expect(await conditions({ since: '2026-11-23T05:51:58Z' })).toEqual(['Scanning', 'Succeeded']);
    expect(await conditions({ until: '2026-11-23T05:51:57Z' })).toEqual(['Scanning']);
  });

  it('leaves out nothing that was rejected, whatever scan and time are asked for', async () => {
    const bad = text(startedEvent({ at: 'yesterday' }));
    const selection = { scan: { namespace: 'other', name: 'other' }, since: '2026-11-23T05:00:00Z' as Instant };
    expect((await replayTexts([bad], { selection })).summary).toEqual({ ...none, rejected: 1 });
    expect((await replayTexts([bad], { selection: { ...selection, type: 'another' } })).summary).toEqual(none);
  });

  it('tells how far it has come after each block', async () => {
    const heard: number[] = [];
    const services = { store: memoryStore({ maximum: 10 }), scope: readScope({}) };
    await replay(blocksOf(['', 'no JSON', webhook[0] ?? '']), allFunctions, services, {
      event: () => {},
      progress: ({ number }: Line) => heard.push(number),
    });
    expect(heard).toEqual([1, 2, 3]);
  });

  it('waits for a report that is slow to take an event', async () => {
    const heard: string[] = [];
    const services = { store: memoryStore({ maximum: 10 }), scope: readScope({}) };
    await replay(blocksOf(webhook.slice(0, 2)), allFunctions, services, {
      event: async ({ number }) => {
        heard.push(`${number} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        heard.push(`${number} ends`);
      },
      progress: () => {},
    });
    expect(heard).toEqual(['1 begins', '1 ends', '2 begins', '2 ends']);
  });
});

describe('replay of a selection', () => {
  const namesakes = [
    startedEvent({ kind: 'ImageScan', uid: 'image', run: '1', at: '2026-11-23T06:00:00Z' }),
    startedEvent({ kind: 'SourceScan', uid: 'source', run: '2', at: '2026-11-23T06:00:00Z' }),
    startedEvent({ kind: 'ImageScan', name: 'till', run: '3', at: '2026-11-23T06:00:00Z' }),
    startedEvent({ kind: 'ImageScan', namespace: 'other', uid: 'other', run: '4', at: '2026-11-23T06:00:00Z' }),
  ].map((event) => text(event));

  it('takes the scans of all kinds that bear a name', async () => {
    const replayed = await replayTexts(namesakes, { selection: { scan: { namespace: 'shop', name: 'cart' } } });
    expect(linesOf(replayed)).toEqual([1, 2]);
  });

  it('takes the one scan of a kind and a name', async () => {
    const scan = { kind: 'SourceScan', namespace: 'shop', name: 'cart' };
    expect(linesOf(await replayTexts(namesakes, { selection: { scan } }))).toEqual([2]);
  });

  it('tells of a scan alone what it tells of it among all', async () => {
    const selection = { scan: { namespace: 'team-checkout', name: 'checkout-image' } };
    const replayed = await replayTexts(webhook, { selection });
    const name = 'team-checkout/ImageScan/checkout-image';
    expect(linesOf(replayed)).toEqual([1, 3, 6, 7, 16, 18, 19, 20]);
    expect(replayed.summary).toEqual({ ...none, applied: 4, duplicate: 4 });
    expect(replayed.statuses).toEqual({ [name]: (await replayTexts(webhook)).statuses[name] });
  });

  it('takes the events of one type', async () => {
    const { summary, events } = await replayTexts(webhook, { selection: { type: 'dev.scanstatus.job-finished.v1' } });
    expect(summary).toEqual({ ...none, applied: 6, duplicate: 6, ignored: 1 });
    expect(new Set(events.map(({ received }) => received.type))).toEqual(new Set(['dev.scanstatus.job-finished.v1']));
  });

  const [first, second, third, fourth] = [
    '2026-11-23T05:59:59Z' as Instant,
    '2026-11-23T06:00:00Z' as Instant,
    '2026-11-23T06:00:01Z' as Instant,
    '2026-11-23T06:00:02Z' as Instant,
  ] as const;
  const told = [first, second, third, fourth].map((at, index) => text(finishedEvent({ run: `${index}`, at })));

  it.each([
    ['since an instant, which counts', { since: second }, [2, 3, 4]],
    ['until an instant, which counts', { until: third }, [1, 2, 3]],
    ['between two instants, which count', { since: second, until: third }, [2, 3]],
    ['of one instant', { since: third, until: third }, [3]],
    ['of no instant, where the last is before the first', { since: third, until: second }, []],
  ])('takes the facts %s', async (_, selection, lines) => {
    expect(linesOf(await replayTexts(told, { selection }))).toEqual(lines);
  });

  it("goes by the fact's own instant, not by the time of the event", async () => {
    const late = text({ ...finishedEvent({ at: second }), time: '2030-01-01T00:00:00Z' });
    expect(linesOf(await replayTexts([late], { selection: { until: second } }))).toEqual([1]);
  });

  it('goes by the time of an event that tells no fact', async () => {
    const { time: _, ...timeless } = cloudEventOf(webhookRequests[21] as (typeof webhookRequests)[number]);
    const texts = [{ ...timeless, time: first }, { ...timeless, time: second }, timeless].map((event) => text(event));
    const bounded = await replayTexts(texts, { selection: { since: second } });
    expect(linesOf(bounded)).toEqual([2]);
    expect(bounded.summary).toEqual({ ...none, ignored: 1 });
    expect((await replayTexts(texts)).summary).toEqual({ ...none, ignored: 3 });
  });

  it('never leaves out what cannot be read: it might be what one looks for', async () => {
    const { id: _, ...nameless } = startedEvent({ at: second });
    const texts = ['no JSON', text(nameless), new Rejected('line', 'must be UTF-8'), ...told];
    const scan = { namespace: 'elsewhere', name: 'nothing' };
    const replayed = await replayTexts(texts, { selection: { scan, type: 'none', since: third, until: third } });
    expect(linesOf(replayed)).toEqual([1, 2, 3]);
    expect(replayed.summary).toEqual({ ...none, rejected: 3 });
  });
});
