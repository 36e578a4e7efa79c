/**
 * How fast a policy is evaluated, against a warm OPA server with the same policy and report.
 *
 * Both begin with the report's bytes and end with what violates the policy. For `package main` the server is sent the bytes
 * as they are; for `package scan`, which no scanner writes for, they must be read and written anew for it. Measured in
 * turns, in one run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Instant, parseInstant } from '../../shared/conditions/instant.ts';
import { readBundle } from '../../shared/policy/bundle/bundle.ts';
import { compiledModules } from '../../shared/policy/bundle/compiled.ts';
import { compileRego } from '../../shared/policy/compile.ts';
import { type CompiledPolicy, compiledPolicy } from '../../shared/policy/evaluation.ts';
import { EVALUATOR_DEFAULTS, type Evaluator, startEvaluator } from '../../shared/policy/evaluator.ts';
import { parseReport } from '../../shared/policy/reports/read-report.ts';
import { opaTool } from '../cluster/support/tools.ts';
import { median } from './median.ts';

const SIZES = [100, 1_000, 10_000, 100_000];
const TARGET = 1.5;
/** Milliseconds that one side of one size is measured for, warming up left out. */
const BUDGET = 3_000;
const LEAST_TURNS = 5;
const AT = parseInstant('2026-11-23T05:51:52Z') as Instant;

const MAIN = `package main

deny contains msg if {
	some vulnerability in input.bom.vulnerabilities
	some rating in vulnerability.ratings
	rating.severity in {"critical", "high"}
	msg := sprintf("%s in %s", [vulnerability.id, vulnerability.affects[0].ref])
}
`;

const SCAN = `package scan

violations contains violation if {
	some found in input.vulnerabilities
	found.severity in {"CRITICAL", "HIGH"}
	violation := {"id": found.id, "severity": found.severity, "component": found.component}
}
`;

export interface PolicyRow {
  readonly contract: string;
  readonly vulnerabilities: number;
  readonly megabytes: number;
  /** Milliseconds an evaluation, the median. */
  readonly ours: number;
  readonly server: number;
  readonly ratio: number;
  readonly target: number;
  readonly met: boolean;
}

/** A CycloneDX report of this many vulnerabilities in 500 components, a tenth of them critical or high. */
const reportOf = (count: number): Uint8Array => {
  const severities = ['medium', 'low', 'medium', 'low', 'low', 'medium', 'low', 'medium', 'low'];
  const library = (at: number) => `pkg:npm/library-${at % 500}@1.${at % 30}.0`;
  return Buffer.from(
    JSON.stringify({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      metadata: { tools: [{ vendor: 'a', name: 'scanner', version: '1.2.3' }] },
      components: Array.from({ length: 500 }, (_, at) => ({
        type: 'library',
        'bom-ref': library(at),
        name: `library-${at}`,
        version: `1.${at % 30}.0`,
      })),
      vulnerabilities: Array.from({ length: count }, (_, at) => ({
        id: `CVE-2024-${10_000 + at}`,
        ratings: [
          {
            severity: at % 10 === 0 ? ['critical', 'high'][(at / 10) % 2] : severities[(at % 10) - 1],
            method: 'CVSSv31',
          },
        ],
        description: `What is wrong with the library, number ${at}, in a sentence of some length`,
        affects: [{ ref: library(at) }],
      })),
    }),
  );
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
};

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

/** A server with these policies, ready to be asked. */
const startServer = async (opa: string, files: readonly string[]): Promise<{ url: string; child: ChildProcess }> => {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const args = ['run', '--server', '--addr', address, '--log-level', 'error', '--disable-telemetry', ...files];
  const child = spawn(opa, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const url = `http://${address}`;
  for (let tries = 0; tries < 100 && child.exitCode === null; tries += 1) {
    if (await isReady(url)) return { url, child };
    await delay(100);
  }
  throw new Error('the OPA server did not start');
};

/** Takes the two sides in turns until the time is up. Milliseconds, the median of each. */
const measure = async (sides: readonly (() => Promise<number>)[]): Promise<readonly number[]> => {
  const times: number[][] = sides.map(() => []);
  const counts = await Promise.all(sides.map((side) => side()));
  if (new Set(counts).size > 1) throw new Error(`the two found different numbers of violations: ${counts}`);
  const until = performance.now() + BUDGET * sides.length;
  while (performance.now() < until || (times[0]?.length ?? 0) < LEAST_TURNS) {
    for (const [at, side] of sides.entries()) {
      const start = performance.now();
      await side();
      times[at]?.push(performance.now() - start);
    }
  }
  return times.map(median);
};

type BodyOf = (report: Uint8Array) => Uint8Array<ArrayBuffer>;

const ourSide = (evaluator: Evaluator, policy: CompiledPolicy, report: Uint8Array) => async (): Promise<number> => {
  // The evaluator takes the bytes over, as it does with what came over the network.
  const bytes = Uint8Array.from(report);
  const { verdict, violations, error } = await evaluator.evaluate({ policy, report: bytes, evaluatedAt: AT });
  if (verdict !== 'failed') throw new Error(`the evaluation was wrong: ${verdict} ${error}`);
  return violations.length;
};

const serverSide = (url: string, report: Uint8Array, bodyOf: BodyOf) => async (): Promise<number> => {
  const body = bodyOf(report);
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { result } = (await response.json()) as { readonly result: readonly unknown[] };
  return result.length;
};

const around = (before: string, bytes: Uint8Array, after: string): Uint8Array<ArrayBuffer> =>
  Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);

const normalised = (report: Uint8Array): Uint8Array => {
  const { findings, ...told } = parseReport(report).report;
  return Buffer.from(JSON.stringify({ ...told, vulnerabilities: findings }));
};

const CONTRACTS = [
  { contract: 'main/deny', rego: MAIN, body: (report: Uint8Array) => around('{"input":{"bom":', report, '}}') },
  {
    contract: 'scan/violations',
    rego: SCAN,
    body: (report: Uint8Array) => around('{"input":', normalised(report), '}'),
  },
];

/** Measures all contracts and sizes. */
export const measurePolicies = async (): Promise<readonly PolicyRow[]> => {
  const opa = await opaTool();
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-bench-'));
  const files = CONTRACTS.map(({ contract, rego }) => {
    const file = join(folder, `${contract.split('/')[0]}.rego`);
    writeFileSync(file, rego);
    return file;
  });
  const { url, child } = await startServer(opa, files);
  const evaluator = startEvaluator({ ...EVALUATOR_DEFAULTS, deadline: 60_000 });
  const rows: PolicyRow[] = [];
  try {
    for (const { contract, rego, body } of CONTRACTS) {
      const bundle = await readBundle((await compileRego(rego, { opa })).bundle);
      const policy = compiledPolicy(bundle, await compiledModules()(bundle));
      for (const vulnerabilities of SIZES) {
        const report = reportOf(vulnerabilities);
        const server = serverSide(`${url}/v1/data/${contract}`, report, body);
        const [ours = 0, theirs = 0] = await measure([ourSide(evaluator, policy, report), server]);
        const ratio = theirs / ours;
        const megabytes = report.length / 1e6;
        rows.push({
          contract,
          vulnerabilities,
          megabytes,
          ours,
          server: theirs,
          ratio,
          target: TARGET,
          met: ratio >= TARGET,
        });
      }
    }
    return rows;
  } finally {
    await evaluator.close();
    child.kill('SIGTERM');
    await once(child, 'close');
    rmSync(folder, { recursive: true });
  }
};
