/** The one way in, on recorded input: whatever the shape, the order and the repetition, the scans tell the truth. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allFunctions } from '../../functions/all.ts';
import { httpReader } from '../../shared/events/http.ts';
import type { Envelopes, HttpMessage } from '../../shared/events/message.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { receive } from '../../shared/runtime/receive.ts';
import type { Outcome } from '../../shared/runtime/received.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { apiServerEvents, layoutRequests, messageOf, TRUTH, webhookRequests } from '../support/recorded.ts';
import { statuses } from '../support/statuses.ts';

const scope = readScope({});

type Message = HttpMessage | Envelopes;

const settle = async (messages: readonly Message[], reader = httpReader) => {
  const store = memoryStore({ maximum: 1_000 });
  const outcomes: Outcome[] = [];
  for (const message of messages) {
    const { received } = await receive(message, allFunctions, { store, scope, reader });
    outcomes.push(...received.map(({ outcome }) => outcome));
  }
  return { outcomes, statuses: await statuses(store) };
};

const webhook = webhookRequests.map(messageOf);
const layout = layoutRequests.map(messageOf);
const watch = apiServerEvents.map((envelope): Envelopes => ({ mode: 'structured', envelopes: [envelope] }));

const count = (outcomes: readonly Outcome[]): object =>
  Object.fromEntries(
    Object.entries(Object.groupBy(outcomes, (outcome) => outcome)).map(([outcome, all]) => [outcome, all?.length]),
  );

describe('receive, on the recordings', () => {
  it('tells the truth of all five scans from the webhook recording', async () => {
    const { outcomes, statuses: found } = await settle(webhook);
    expect(found).toMatchObject(TRUTH);
    expect(Object.keys(found)).toEqual(Object.keys(TRUTH));
    expect(count(outcomes)).toEqual({ applied: 12, duplicate: 13, ignored: 2 });
  });

  it('tells the truth from the layout recording, of the scans whose events still had an owner', async () => {
    const { 'team-search/ImageScan/indexer-image': _, ...held } = TRUTH;
    const { statuses: found, outcomes } = await settle(layout);
    expect(found).toMatchObject(held);
    expect(count(outcomes)).toMatchObject({ ignored: 2 });
  });

  it('tells the truth from the watch of Jobs', async () => {
    expect((await settle(watch)).statuses).toMatchObject(TRUTH);
  });

  it('ends in the same bytes for every order and repetition of all three together', async () => {
    const all = [...webhook, ...layout, ...watch];
    const expected = JSON.stringify((await settle(all)).statuses);
    const shuffled = fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 });
    await fc.assert(
      fc.asyncProperty(shuffled, async (messages) => {
        expect(JSON.stringify((await settle(messages)).statuses)).toBe(expected);
      }),
      { numRuns: 25 },
    );
  });
});
