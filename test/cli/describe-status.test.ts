/** A status as text: to the byte what `kubectl describe` (1.32) printed of the same object. */
import { describe, expect, it } from '@jest/globals';
import { describeStatus } from '../../cli/describe-status.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { replayTexts } from '../support/cli-replay.ts';
import { webhookRequests } from '../support/recorded.ts';

const lines = (...texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

const describesAs = (status: JsonObject, ...texts: readonly string[]): void => {
  expect(describeStatus(status)).toBe(lines('Status:', ...texts));
};

describe('describeStatus', () => {
  it('prints a recorded scan as kubectl does', async () => {
    const { statuses } = await replayTexts(webhookRequests.map((request) => JSON.stringify(request)));
    describesAs(
      statuses['team-checkout/ImageScan/checkout-image'] ?? {},
      '  Conditions:',
      '    Error:                 ',
      '    Last Transition Time:  2026-11-23T05:52:23Z',
      '    Message:               The scan job terminated',
      '    Observed Generation:   1',
      '    Reason:                JobFinished',
      '    Status:                False',
      '    Type:                  Scanning',
      '    Error:                 BackoffLimitExceeded: Job has reached the specified backoff limit',
      '    Last Transition Time:  2026-11-23T05:52:23Z',
      '    Message:               Job has reached the specified backoff limit',
      '    Observed Generation:   1',
      '    Reason:                Error',
      '    Status:                False',
      '    Type:                  Succeeded',
      '  Observed Generation:     1',
      '  Phase:                   Error',
      '  Runs:',
      '    Age:  2026-11-23T05:52:20Z',
      '    Finish:',
      '      At:        2026-11-23T05:52:23Z',
      '      Error:     BackoffLimitExceeded: Job has reached the specified backoff limit',
      '      Message:   Job has reached the specified backoff limit',
      '      Outcome:   failed',
      '      Reason:    BackoffLimitExceeded',
      '    Generation:  1',
      '    Job:         scan-checkout-image-c4j8s',
      '    Started At:  2026-11-23T05:52:20Z',
      '    UID:         8775c06b-ece7-4a11-aa7a-f7bd1aa9b6d7',
      '    Age:         2026-11-23T05:51:52Z',
      '    Finish:',
      '      At:        2026-11-23T05:51:55Z',
      '      Error:     ',
      '      Message:   The scan job finished',
      '      Outcome:   complete',
      '    Generation:  1',
      '    Job:         scan-checkout-image-x7k2p',
      '    Started At:  2026-11-23T05:51:52Z',
      '    UID:         109ab3fe-e01b-4c7c-a4e4-5647a14ded3e',
    );
  });

  it('indents nested objects and aligns the values of neighbouring lines, across levels', () => {
    describesAs(
      { cveCount: { CRITICAL: 1, CVETOTAL: 3 }, phase: 'Failed', scannedBy: { scanner: { name: 'Grype' } }, z: 1 },
      '  Cve Count:',
      '    CRITICAL:  1',
      '    CVETOTAL:  3',
      '  Phase:       Failed',
      '  Scanned By:',
      '    Scanner:',
      '      Name:  Grype',
      '  Z:         1',
    );
  });

  it('prints the items of a list one a line, whatever they are', () => {
    describesAs(
      { list: ['one', 2, true, null, { b: 1, longerName: 'v' }, 'last'], next: 'n' },
      '  List:',
      '    one',
      '    2',
      '    true',
      '    <nil>',
      '    B:            1',
      '    Longer Name:  v',
      '    last',
      '  Next:  n',
    );
  });

  it('prints nothing of what is empty but its name, and <nil> for null', () => {
    describesAs(
      { emptyList: [], emptyObject: {}, empty: '', none: null, no: false, zero: 0 },
      '  Empty:  ',
      '  Empty List:',
      '  Empty Object:',
      '  No:    false',
      '  None:  <nil>',
      '  Zero:  0',
    );
  });

  it('goes on at the margin after a line feed, which ends the alignment', () => {
    describesAs(
      { error: 'line one\nline two', lastTransitionTime: 't', message: 'm' },
      '  Error:  line one',
      'line two',
      '  Last Transition Time:  t',
      '  Message:               m',
    );
  });

  it('takes a tab in a value for the end of a column', () => {
    describesAs(
      { a: 'a tab\tb', next: 'c\td', without: 'e', z: 'f\tg' },
      '  A:        a tab  b',
      '  Next:     c      d',
      '  Without:  e',
      '  Z:        f  g',
    );
  });

  it.each([
    ['observedGeneration', 'Observed Generation'],
    ['uid', 'UID'],
    ['scanUid', 'Scan UID'],
    ['apiURL', 'API URL'],
    ['PDFLoader', 'PDF Loader'],
    ['aBC', 'A BC'],
    ['CVETOTAL', 'CVETOTAL'],
    ['kebab-case', 'Kebab - Case'],
    ['double--dash', 'Double -- Dash'],
    ['x86', 'x86'],
    ['sha256Sum', 'sha256Sum'],
    ['_under', '_under'],
    ['dotted.name', 'dotted.name'],
  ])('calls %s %s', (field, label) => {
    describesAs({ nested: { [field]: 'v' } }, '  Nested:', `    ${label}:  v`);
  });

  it('sorts names by their characters, capitals first', () => {
    describesAs({ beta: 1, alpha: 1, Zulu: 1, _low: 1 }, '  Zulu:   1', '  _low:   1', '  Alpha:  1', '  Beta:   1');
  });

  it('measures text in characters, not in bytes', () => {
    describesAs(
      { 'größe-0': 'x', 'a-name-0': 'grün\ty', z: 'z\tz' },
      '  a-name-0:  grün  y',
      '  größe-0:   x',
      '  Z:         z  z',
    );
  });
});
