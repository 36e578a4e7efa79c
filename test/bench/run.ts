/**
 * `npm run bench`: how fast a replay is, how close the functions come to what an API server lets a client write, and how
 * fast policies are evaluated.
 *
 * `npm run bench -- replay`, `-- cluster` and `-- policies` measure one of them. Prints tables and writes bench.json.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { measureCluster, type Row } from './cluster.ts';
import { measurePolicies, type PolicyRow } from './policies.ts';
import { measureReplay, type ReplayRow } from './replay.ts';

const EVENTS = 1_000_000;
const SCANS = 10_000;
const ROUNDS = 3;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const printReplay = (rows: readonly ReplayRow[]): void => {
  print(`${EVENTS} native events, ${SCANS} scans, CPU seconds on one core, median of ${ROUNDS}`);
  for (const { name, perSecond, megabytes, ratio } of rows) {
    const figures = [`${perSecond} events/s`.padStart(17), `× ${ratio.toFixed(2)}`, `${megabytes} MB`.padStart(7)];
    print(`  ${name.padEnd(32)}${figures.join('  ')}`);
  }
};

const printCluster = (rows: readonly Row[]): void => {
  print('A real API server on the same cores as its clients, 32 requests at once');
  for (const { name, value, unit, target, met, note = '' } of rows) {
    print(
      `  ${name.padEnd(52)}${`${value} ${unit}`.padStart(10)}  ${`${target}`.padEnd(8)}${met ? 'met   ' : 'MISSED'}  ${note}`,
    );
  }
};

const printPolicies = (rows: readonly PolicyRow[]): void => {
  print('A policy over a report, milliseconds an evaluation, against a warm OPA server');
  for (const { contract, vulnerabilities, megabytes, ours, server, ratio, target, met } of rows) {
    const figures = [`${ours.toFixed(1)} ms`, `server ${server.toFixed(1)} ms`, `× ${ratio.toFixed(2)}`, `(${target})`];
    const report = `${vulnerabilities} vulnerabilities, ${megabytes.toFixed(1)} MB`;
    print(`  ${contract.padEnd(16)}${report.padEnd(36)}${figures.join('  ')}  ${met ? 'met' : 'MISSED'}`);
  }
};

// What was started ends with this process, also where it is interrupted.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const [only] = process.argv.slice(2);
const machine = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  node: process.version,
};
const asks = (part: string): boolean => only === undefined || only === part;
const replay = asks('replay') ? measureReplay(EVENTS, SCANS, ROUNDS) : undefined;
if (replay !== undefined) printReplay(replay);
const policies = asks('policies') ? await measurePolicies() : undefined;
if (policies !== undefined) printPolicies(policies);
const cluster = asks('cluster') ? await measureCluster() : undefined;
if (cluster !== undefined) printCluster(cluster);
writeFileSync(
  new URL('../../bench.json', import.meta.url),
  `${JSON.stringify({ ...machine, replay, policies, cluster }, undefined, 2)}\n`,
);
