/** The law for verdicts on a real cluster: whatever is judged again, told late, or cut short, one right status. */
import { generateKeyPairSync, type KeyObject, randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { jobFinished } from '../../functions/job-finished/handler.ts';
import { jobStarted } from '../../functions/job-started/handler.ts';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import type { Fact, Run, ScanRef } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, type Runs } from '../../shared/conditions/runs.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type Event, readEvent } from '../../shared/events/event.ts';
import { evaluatedFact } from '../../shared/events/policy-evaluated.ts';
import { isIgnored } from '../../shared/events/scope.ts';
import { JOB_FINISHED, POLICY_EVALUATED } from '../../shared/events/types.ts';
import { SIGNATURE, signWith } from '../../shared/policy/verdict-signature.ts';
import { shuffledIndexes } from '../../shared/replay/shuffle.ts';
import { readScope } from '../../shared/runtime/config.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import { scanSpec } from '../../shared/scans/spec.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { each } from '../support/each.ts';
import type { Sent } from '../support/http-client.ts';
import { finishedEvent, startedEvent } from '../support/http-messages.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { functionApi } from './support/functions.ts';
import { accountsOf, historyOf, type Told } from './support/history.ts';
import {
  BAD,
  bytesOf,
  CRITICAL,
  denying,
  GOOD,
  laborious,
  refOf,
  reportingJob,
  reportReady,
  statusOf,
} from './support/judged-scans.ts';
import { type JudgingFunctions, judgingFunctions } from './support/judging-functions.ts';
import { kubelets } from './support/kubelet.ts';
import { ownAccounts } from './support/own-accounts.ts';
import { eventRecorders } from './support/recorded-events.ts';
import { eventually, install, newNamespace, newScan, scansPath } from './support/scans.ts';
import { newSender } from './support/sender.ts';

/** The machine may be busy. */
jest.setTimeout(120_000);

const SCANS = 20;
const TIMES = 3;
const SENDERS = 4;
const PROCESSES = 2;

const seed = Number(process.env['SCAN_STATUS_TEST_SEED'] ?? randomInt(2 ** 31));

const admin = apiOf(cluster());
const start = judgingFunctions();
const startKubelet = kubelets();
const record = eventRecorders();
const accounts = ownAccounts();
const folder = temporaryFolder();
const scope = readScope({});
let namespace = '';

beforeEach(async () => {
  namespace = await newNamespace(admin, 'law');
});

/** Asks for a judgement, which is answered with the verdict. */
const verdictOf = async (functions: JudgingFunctions, event: JsonObject): Promise<JsonObject> => {
  const { status, body } = await functions.post(event, '/evaluate-policy');
  expect(status).toBe(200);
  return JSON.parse(body);
};

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 23) + seconds * 1_000).toISOString();

describe('of the verdicts on a run', () => {
  it('that of the newest policy stands, whichever is told last', async () => {
    const functions = await start(namespace);
    const scan = await newScan(admin, namespace);
    const ref = await refOf(admin, scan);
    const event = reportReady(ref, { inline: BAD });
    await functions.post(finishedEvent({ ...ref, run: 'run-1', at: at(9) }), '/job-finished');
    const verdicts: JsonObject[] = [];
    for (const [rego, verdict, phase] of [
      [denying(), 'failed', 'Failed'],
      [denying(CRITICAL), 'passed', 'Completed'],
      [denying(), 'failed', 'Failed'],
    ] as const) {
      await functions.compile(rego);
      const told = await verdictOf(functions, event);
      expect(told).toMatchObject({ data: { verdict, policy: { generation: verdicts.length + 1 } } });
      const status = await statusOf(admin, scan);
      expect([status.phase, 'compliantArtifact' in status]).toEqual([phase, verdict === 'passed']);
      verdicts.push(told);
    }
    const before = await bytesOf(admin, scan);
    for (const late of verdicts.toReversed()) expect((await functions.post(late)).status).toBe(200);
    expect(await bytesOf(admin, scan)).toBe(before);
  });

  it('that of the latest request stands, whichever is told last', async () => {
    const functions = await start(namespace);
    await functions.compile(denying());
    const scan = await newScan(admin, namespace);
    const ref = await refOf(admin, scan);
    const early = reportReady(ref, { inline: BAD }, { at: at(9) });
    await verdictOf(functions, early);
    await verdictOf(functions, reportReady(ref, { inline: GOOD }, { at: at(20) }));
    const before = await bytesOf(admin, scan);
    expect(await statusOf(admin, scan)).toMatchObject({ phase: 'Completed' });
    await verdictOf(functions, early);
    expect(await bytesOf(admin, scan)).toBe(before);
  });

  it('a late one on an older run changes nothing that people see of the newest', async () => {
    const functions = await start(namespace);
    await functions.compile(denying());
    const scan = await newScan(admin, namespace);
    const ref = await refOf(admin, scan);
    for (const [run, began] of [
      ['run-1', 0],
      ['run-2', 60],
    ] as const) {
      await functions.post(startedEvent({ ...ref, run, at: at(began) }), '/job-started');
      await functions.post(finishedEvent({ ...ref, run, at: at(began + 30) }), '/job-finished');
    }
    const report = { run: 'run-2', at: at(90) };
    await verdictOf(functions, reportReady(ref, { inline: BAD }, report));
    const { runs, ...before } = await statusOf(admin, scan);
    expect(before).toMatchObject({ phase: 'Failed' });
    // The older run passes, and does so later than the newest was denied.
    await verdictOf(functions, reportReady(ref, { inline: GOOD }, { run: 'run-1', at: at(3_600) }));
    const { runs: known, ...after } = await statusOf(admin, scan);
    expect(after).toEqual(before);
    expect(known).toMatchObject([{ uid: 'run-2' }, { uid: 'run-1', verdict: { verdict: 'passed' } }]);
  });
});

/** What evaluate-policy makes of an event, as its own account sees it. */
const judgedBy = async (evaluating: WorkingFunction, event: Event): Promise<readonly Fact[]> => {
  if (!evaluating.accepts.includes(event.type)) return [];
  const { emits } = await evaluating.handle(event, scope);
  return emits.map((emitted) => evaluatedFact(readEvent(emitted), scope));
};

/** The function in this process, once its account has its rights. */
const letEvaluate = async (): Promise<WorkingFunction> => {
  await install('rbac/accounts');
  for (const part of ['rbac/namespace', 'rbac/namespace/pod-logs']) await install(part, '-n', namespace);
  const account = await functionApi('evaluate-policy');
  await eventually(async () => (await account.get(`/api/v1/namespaces/${namespace}/pods`)).code === 200);
  await eventually(async () => (await account.get(`${scansPath('ImageScan', namespace)}/none`)).code === 404);
  return accounts.working('evaluate-policy');
};

const isFact = (told: ReturnType<typeof jobFinished.fact>): told is Fact => !isIgnored(told);

/** What an event tells of a Job. */
const jobFacts = (event: Event): readonly Fact[] =>
  [jobStarted, jobFinished]
    .filter(({ accepts }) => accepts.includes(event.type))
    .map(({ fact }) => fact(event, scope))
    .filter(isFact);

/** The status that these accounts of a scan's runs project to. */
const right = async (scan: string, known: readonly Run[]): Promise<string> => {
  const { spec } = (await admin.get(scan)).body;
  return canonicalJson(project({}, known.reduce<Runs>(addRun, []), scanSpec(spec, 1)));
};

describe('a process that is killed while it evaluates', () => {
  it('leaves nothing half done, and ends as any other when the event is sent again', async () => {
    const evaluating = await letEvaluate();
    const first = await start(namespace);
    await first.compile(laborious(7));
    const scan = await newScan(admin, namespace);
    const { finishes } = await record(namespace);
    const kubelet = await startKubelet(admin);
    const { job } = await reportingJob(admin, kubelet, scan, BAD);
    const ends = await finishes(job);

    const [end] = ends;
    if (end === undefined) throw new Error('the Job has not finished');
    const answered = first.send(end).then(
      () => true,
      () => false,
    );
    // Once the log is read, there is only the evaluation.
    await eventually(async () => kubelet.asked.length > 0);
    first.kill('SIGKILL');
    expect(await answered).toBe(false);
    const between = await statusOf(admin, scan);
    expect(between).toMatchObject({ phase: 'Scanning', conditions: [{}, { type: 'Succeeded', status: 'True' }] });
    expect(between.conditions).toHaveLength(2);

    const second = await start(namespace);
    for (const again of ends) expect((await second.send(again)).status).toBe(200);
    const known: Fact[] = [];
    for (const { headers, body } of ends as readonly (Sent & { headers: Record<string, string> })[]) {
      const type = headers['ce-type'];
      const event = readEvent({ specversion: '1.0', id: '1', source: '/x', type, data: JSON.parse(String(body)) });
      known.push(...jobFacts(event), ...(await judgedBy(evaluating, event)));
    }
    expect(await statusOf(admin, scan)).toMatchObject({ phase: 'Failed' });
    const runs = known.map(({ run }) => run);
    expect(canonicalJson(await statusOf(admin, scan))).toBe(await right(scan, runs));
  });
});

/** Keys with which the functions sign verdicts and check them. */
const keyFiles = ({ privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }) => {
  const [VERDICT_KEY, VERDICT_KEYS] = [join(folder, 'private.pem'), join(folder, 'public.pem')];
  writeFileSync(VERDICT_KEY, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(VERDICT_KEYS, publicKey.export({ type: 'spki', format: 'pem' }));
  return { VERDICT_KEY, VERDICT_KEYS };
};

const BETTER = { digest: 'sha256:ff', generation: 2 };
const REPORTS = [BAD, GOOD, '{"what": "is this?"}'];

/** The same verdict as a newer policy sees it: the other way round. */
const judgedAgain = ({ event }: Told): Told => {
  const data = event.data as JsonObject & { readonly verdict: string };
  const verdict = data.verdict === 'passed' ? 'failed' : 'passed';
  const policy = { ...(data.policy as JsonObject), ...BETTER };
  const violations = verdict === 'failed' ? [CRITICAL] : [];
  const { error, ...others } = data;
  const again = { ...event, id: `${event.id}-again`, data: { ...others, policy, verdict, violations } };
  return { event: again, fact: evaluatedFact(readEvent(again), scope) };
};

/** The report on a run that has ended is also judged by the functions themselves, a minute later. */
const readyOf = ({ fact }: Told, index: number): JsonObject =>
  reportReady(fact.scan, { inline: REPORTS[index % REPORTS.length] }, { run: fact.run.uid, at: at(index) });

describe('verdicts, starts and finishes of many runs', () => {
  it('end in exactly the projected status, in whatever order, however often and by however many they are sent', async () => {
    process.stderr.write(`verdicts-law: SCAN_STATUS_TEST_SEED=${seed}\n`);
    const evaluating = await letEvaluate();
    const pair = generateKeyPairSync('ed25519');
    const sign = signWith(async () => ({ key: pair.privateKey, alg: 'EdDSA' }));
    const keys = keyFiles(pair);
    const processes = await Promise.all(Array.from({ length: PROCESSES }, () => start(namespace, keys)));
    await processes[0]?.compile(denying());
    const paths = await Promise.all(
      Array.from({ length: SCANS }, (_, index) =>
        newScan(admin, namespace, index % 4 === 0 ? 'SourceScan' : 'ImageScan'),
      ),
    );
    const refs = await Promise.all(paths.map((path) => refOf(admin, path)));

    const history = historyOf(refs, seed);
    const verdicts = history.filter(({ event }) => event.type === POLICY_EVALUATED);
    const told = [...history, ...verdicts.map(judgedAgain)];
    const ready = history.filter(({ event }) => event.type === JOB_FINISHED).map(readyOf);
    const events = [...told.map(({ event }) => event), ...ready];
    const signed = await Promise.all(
      events.map(async (event) =>
        event.type === POLICY_EVALUATED ? { ...event, [SIGNATURE]: await sign(event.data as JsonObject) } : event,
      ),
    );

    const { deliver, stop } = newSender(SENDERS);
    const order = shuffledIndexes(signed.length * TIMES, String(seed));
    await each(order, SENDERS, async (index) => {
      const { url } = processes[index % PROCESSES] as JudgingFunctions;
      await deliver(url, signed[index % signed.length] as JsonObject);
    });
    stop();

    const judged: Fact[] = [];
    for (const event of events) judged.push(...(await judgedBy(evaluating, readEvent(event))));
    expect(new Set(judged.map(({ run }) => run.verdict?.verdict))).toEqual(new Set(['failed', 'passed', 'error']));
    const known = accountsOf([...told, ...judged.map((fact) => ({ fact, event: {} }))]);
    for (const [index, path] of paths.entries()) {
      const { uid } = refs[index] as ScanRef;
      expect(canonicalJson(await statusOf(admin, path))).toBe(await right(path, known.get(uid) ?? []));
    }
  });
});
