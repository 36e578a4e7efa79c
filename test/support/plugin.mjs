/** A credential plugin of a test: leaves a trace of each run, and does what its arguments say. */
import { appendFileSync, readFileSync } from 'node:fs';

const [, , trace, act, file = ''] = process.argv;
appendFileSync(
  trace,
  `${JSON.stringify({ pid: process.pid, told: process.env.TOLD, info: process.env.KUBERNETES_EXEC_INFO })}\n`,
);

const acts = {
  print: () => process.stdout.write(readFileSync(file, 'utf8')),
  fail: () => {
    const given = readFileSync(file, 'utf8');
    if (given.startsWith('{')) return process.stdout.write(given);
    process.exitCode = 3;
    return process.stderr.write(given);
  },
  hang: async () => {
    setInterval(() => {}, 1_000);
    await fetch(file);
  },
};
await acts[act]();
