/** Argo CD's script in a real Lua, over every kind of status that the functions write. */
import { describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { completeFinish, failedFinish, type Run, type Verdict, verdictTexts } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, type Runs } from '../../shared/conditions/runs.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { factsAbout, second } from '../support/arbitraries.ts';
import { debianTool } from '../support/debian-tools.ts';
import { healthScripts } from '../support/monitoring-files.ts';
import { type Health, healthOf } from '../support/monitoring-lua.ts';

// The machine may be busy.
jest.setTimeout(60_000);

interface Written {
  readonly facts: Runs;
  readonly generation: number;
  readonly namesPolicy: boolean;
}

/** A scan as it stands once these facts are written. */
const scanOf = ({ facts, generation, namesPolicy }: Written): JsonObject & { readonly status: JsonObject } => ({
  kind: 'ImageScan',
  metadata: { namespace: 'team', name: 'shop', generation },
  spec: namesPolicy ? { scanPolicy: 'strict' } : {},
  status: project({}, facts.reduce<Runs>(addRun, []), { namesPolicy }),
});

const RUN = { uid: 'run', age: second(1) };
const created: Run = { ...RUN, createdAt: second(1) };
const started: Run = { ...RUN, startedAt: second(2) };
const complete: Run = { ...RUN, finish: completeFinish(second(5)) };
const failed = (error: string): Run => ({
  ...RUN,
  finish: failedFinish(second(5), { reason: 'BackoffLimitExceeded', message: 'Too many failures', error }),
});
const judged = (verdict: Verdict['verdict'], ids: readonly string[] = [], error = ''): Run => ({
  ...RUN,
  verdict: {
    at: second(6),
    policy: { name: 'strict', digest: 'sha256:a' },
    verdict,
    ...verdictTexts(verdict, ids, error),
  },
});
const manyIds = Array.from({ length: 1_000 }, (_, at) => `CVE-2026-${at}`);

const CASES: readonly (Partial<Written> & { readonly what: string; readonly health: Health })[] = [
  { what: 'nothing', health: { status: 'Progressing', message: 'No run has begun yet' } },
  { what: 'a Job that was made', facts: [created], health: { status: 'Progressing', message: 'No run has begun yet' } },
  { what: 'a start', facts: [started], health: { status: 'Progressing', message: 'The scan job is running' } },
  {
    what: 'a finish without a verdict',
    facts: [started, complete],
    health: { status: 'Progressing', message: 'The scan job finished, and its policy has not been evaluated yet' },
  },
  {
    what: 'a finish where there is no policy',
    facts: [started, complete],
    namesPolicy: false,
    health: { status: 'Healthy', message: 'The scan job finished' },
  },
  {
    what: 'a policy that passed',
    facts: [complete, judged('passed')],
    health: { status: 'Healthy', message: 'No non-compliant vulnerabilities found' },
  },
  {
    what: 'a policy that failed',
    facts: [complete, judged('failed', ['CVE-2026-1'])],
    health: { status: 'Degraded', message: 'Vulnerabilities that failed OPA policy: CVE-2026-1' },
  },
  {
    what: 'a policy that failed on more than can be shown',
    facts: [complete, judged('failed', manyIds)],
    health: { status: 'Degraded', message: 'EvaluationFailed' },
  },
  {
    what: 'a policy that could not be evaluated',
    facts: [complete, judged('error', [], 'the bundle is gone')],
    health: { status: 'Degraded', message: 'the bundle is gone' },
  },
  {
    what: 'a Job that failed',
    facts: [started, failed('exit code 137')],
    health: { status: 'Degraded', message: 'exit code 137' },
  },
  {
    what: 'a Job that failed with more to say than can be shown',
    facts: [failed('é'.repeat(400))],
    health: { status: 'Degraded', message: 'Too many failures' },
  },
  {
    what: 'a Job that failed, whatever the policy says',
    facts: [failed('exit code 1'), judged('passed')],
    health: { status: 'Degraded', message: 'exit code 1' },
  },
  {
    what: 'a verdict of an earlier generation',
    facts: [{ ...started, generation: 1 }, complete, judged('failed', ['CVE-2026-1'])],
    health: { status: 'Progressing', message: 'The scan has changed since its newest run began' },
  },
  {
    what: 'a verdict of the generation that there is',
    facts: [{ ...started, generation: 2 }, complete, judged('passed')],
    health: { status: 'Healthy', message: 'No non-compliant vulnerabilities found' },
  },
];

/** How a scan is by its phase, by which the script does not judge. */
const BY_PHASE: ReadonlyMap<unknown, string> = new Map([
  [undefined, 'Progressing'],
  ['Pending', 'Progressing'],
  ['Scanning', 'Progressing'],
  ['Completed', 'Healthy'],
  ['Failed', 'Degraded'],
  ['Error', 'Degraded'],
]);

const healthByPhase = ({ status }: { readonly status: JsonObject }, written: Written | undefined) => {
  const isStale = Number(status.observedGeneration ?? Infinity) < Number(written?.generation);
  return isStale ? 'Progressing' : BY_PHASE.get(status.phase);
};

const writtenStatuses: fc.Arbitrary<Written> = fc.record({
  facts: fc.array(factsAbout('a', 'b'), { maxLength: 6 }),
  generation: fc.integer({ min: 1, max: 3 }),
  namesPolicy: fc.boolean(),
});

const lua = await debianTool('lua5.1');

(lua === undefined ? describe.skip : describe)('the health that Argo CD sees', () => {
  const [script = ''] = Object.values(healthScripts());
  const seen = (scans: readonly JsonObject[]): readonly Health[] => healthOf(String(lua), script, scans);

  it.each(CASES)('of a scan after $what is $health.status', ({ facts = [], namesPolicy = true, health }) => {
    expect(seen([scanOf({ facts, namesPolicy, generation: 2 })])).toEqual([health]);
  });

  it('of a scan without a status is Progressing', () => {
    const scan = { kind: 'ImageScan', metadata: { name: 'shop', generation: 1 } };
    expect(seen([scan])).toEqual([{ status: 'Progressing', message: 'No run has begun yet' }]);
  });

  it('is asked of a script that has no more of Lua than there', () => {
    const asking = (words: string) => () => healthOf(String(lua), `return { status = ${words}, message = "" }`, [{}]);
    expect(asking('type(table.concat)')()).toMatchObject([{ status: 'function' }]);
    for (const words of ['string.upper("a")', '("a"):upper()', 'io.read()', 'os.time()', '7 // 2'])
      expect(asking(words)).toThrow('lua');
  });

  it('is what the phase says, of whatever facts came, unless the scan has changed since', () => {
    // One process for many scans: starting it is most of what one takes.
    fc.assert(
      fc.property(fc.array(writtenStatuses, { minLength: 50, maxLength: 100 }), (written) => {
        const scans = written.map(scanOf);
        const healths = seen(scans);
        expect(healths.map(({ status }) => status)).toEqual(scans.map((scan, at) => healthByPhase(scan, written[at])));
        for (const { message } of healths) {
          expect(message).not.toBe('');
          expect(Buffer.byteLength(message)).toBeLessThanOrEqual(512);
        }
      }),
      { numRuns: 20 },
    );
  });
});
