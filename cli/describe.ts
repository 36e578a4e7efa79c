/** Describes a scan: the Status block as `kubectl describe` prints it. */
import { parseArgs } from 'node:util';
import { isNewer } from '../shared/conditions/runs.ts';
import { openStore } from '../shared/runtime/open-store.ts';
import type { ScanName, StoredScan } from '../shared/scans/store.ts';
import { run, UsageError } from './command.ts';
import { describeStatus } from './describe-status.ts';
import { readKind } from './kind.ts';
import { createOutput } from './output.ts';

const USAGE = `Usage: npm run -s describe -- KIND NAMESPACE/NAME      (KIND: as kubectl takes it, such as imagescan)`;

const readName = (kind: string, path: string): ScanName => {
  const known = readKind('KIND', kind);
  const [namespace = '', name = '', ...more] = path.split('/');
  if (namespace === '' || name === '' || more.length > 0) throw new UsageError('the scan must be named NAMESPACE/NAME');
  return { kind: known, namespace, name };
};

/** Of several lives of a scan the one with the newest run. */
const newest = (scans: readonly StoredScan[]): StoredScan | undefined =>
  scans.reduce<StoredScan | undefined>((best, scan) => {
    const [a] = scan.runs;
    const [b] = best?.runs ?? [];
    return b === undefined || (a !== undefined && isNewer(a, b)) ? scan : best;
  }, undefined);

const findScan = async (name: ScanName): Promise<StoredScan | undefined> => {
  const { store } = await openStore({ readOnly: true });
  try {
    return newest(await store.find(name));
  } finally {
    store.close();
  }
};

const main = async (args: readonly string[]): Promise<number> => {
  const { positionals, values } = parseArgs({
    args: [...args],
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [kind, path, ...more] = positionals;
  if (kind === undefined || path === undefined || more.length > 0) throw new UsageError('name a kind and a scan');
  const name = readName(kind, path);
  const found = await findScan(name);
  if (found === undefined) {
    process.stderr.write(`${name.kind} ${name.namespace}/${name.name}: there is no such scan\n`);
    return 1;
  }
  const output = createOutput(process.stdout);
  await output.write(describeStatus(found.status));
  await output.end();
  return 0;
};

await run(USAGE, main);
