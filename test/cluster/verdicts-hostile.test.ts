/** Policies that never end or take all memory, and logs that were cut: each has its clear error, and others their verdict. */
import { beforeEach, expect, it, jest } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import {
  BAD,
  CRITICAL,
  denying,
  GOOD,
  laborious,
  policyPath,
  refOf,
  reportingJob,
  reportOf,
  reportReady,
  statusOf,
} from './support/judged-scans.ts';
import { type JudgingFunctions, judgingFunctions } from './support/judging-functions.ts';
import { kubelets } from './support/kubelet.ts';
import { eventRecorders } from './support/recorded-events.ts';
import { newNamespace, newScan, SPECS } from './support/scans.ts';

/** The machine may be busy. */
jest.setTimeout(60_000);

const DEADLINE_SECONDS = 2;
const MEMORY_MIB = 16;
/** At which a kubelet begins a new log. */
const CUT = 10 * 2 ** 20;

const admin = apiOf(cluster());
const start = judgingFunctions();
const startKubelet = kubelets();
const record = eventRecorders();
let namespace = '';

beforeEach(async () => {
  namespace = await newNamespace(admin, 'hostile');
});

/** A policy that never ends, and one that takes memory, whatever they are asked. */
const ENDLESS = laborious(12).replace(`found.id == "${CRITICAL}"`, 'found.id != ""');
const GREEDY = `package scan

violations contains {"id": found.id} if {
	some found in input.vulnerabilities
	count(numbers.range(1, 1000000000)) > 0
}
`;

const judgedBy = (scanPolicy: string): Promise<string> =>
  newScan(admin, namespace, 'ImageScan', { ...SPECS.ImageScan, scanPolicy });

/** Asks for a report to be judged, and answers the error that the scan then shows. */
const judge = async (functions: JudgingFunctions, scan: string, inline: string): Promise<unknown> => {
  expect((await functions.post(reportReady(await refOf(admin, scan), { inline }))).status).toBe(200);
  const { conditions } = await statusOf(admin, scan);
  return (conditions as readonly JsonObject[]).find(({ type }) => type === 'PolicySucceeded')?.error;
};

it('a policy that never ends, or takes all memory, has its error in time, and others are judged meanwhile', async () => {
  const functions = await start(namespace, {
    POLICY_DEADLINE_SECONDS: String(DEADLINE_SECONDS),
    POLICY_MEMORY_MIB: String(MEMORY_MIB),
  });
  await functions.compile(denying());
  await functions.compile(ENDLESS, 'endless');
  await functions.compile(GREEDY, 'greedy');
  const late = `the evaluation did not end within ${DEADLINE_SECONDS} seconds`;
  const greedy = `the policy needs more than ${MEMORY_MIB} MiB of memory`;
  expect((await admin.get(policyPath(namespace, 'endless'))).body.status).toMatchObject({
    conditions: [
      { type: 'Compiled', status: 'True' },
      { type: 'CanaryDenied', status: 'Unknown', message: late },
    ],
  });
  for (const round of [1, 2]) {
    const scans = await Promise.all(['endless', 'greedy', 'policy', 'policy'].map(judgedBy));
    const [endless = '', greedyOne = '', bad = '', good = ''] = scans;
    const begun = performance.now();
    const errors = await Promise.all([
      judge(functions, endless, BAD),
      judge(functions, greedyOne, BAD),
      judge(functions, bad, BAD),
      judge(functions, good, GOOD),
    ]);
    expect([round, errors]).toEqual([round, [late, greedy, '', '']]);
    expect(performance.now() - begun).toBeLessThan(10_000);
    const phases = await Promise.all(scans.map(async (scan) => (await statusOf(admin, scan)).phase));
    expect(phases).toEqual(['Error', 'Error', 'Failed', 'Completed']);
  }
});

it('a log that was cut is an error that says so, and no pass', async () => {
  const functions = await start(namespace);
  await functions.compile(denying());
  const severities = Array.from({ length: 200_000 }, (_, at): [string, string] => [`CVE-2026-${at}`, 'low']);
  const whole = Buffer.from(reportOf(Object.fromEntries(severities)));
  expect(whole.length).toBeGreaterThan(CUT);
  const { finishes } = await record(namespace);
  const kubelet = await startKubelet(admin);
  const scan = await newScan(admin, namespace);
  const { job } = await reportingJob(admin, kubelet, scan, whole.subarray(-CUT));
  for (const end of await finishes(job)) expect((await functions.send(end)).status).toBe(200);
  expect(await statusOf(admin, scan)).toMatchObject({
    phase: 'Error',
    conditions: [
      {},
      { type: 'Succeeded', status: 'True' },
      {
        status: 'Unknown',
        error: expect.stringContaining('the log of container scanner is so long that it may be cut'),
      },
    ],
  });
  const next = await newScan(admin, namespace);
  expect(await judge(functions, next, GOOD)).toBe('');
  expect(await statusOf(admin, next)).toMatchObject({ phase: 'Completed' });
});
