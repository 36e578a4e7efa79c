/** A real Alertmanager on this machine, alone and with nobody to notify, and what it says is firing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { debianTool } from './debian-tools.ts';

export interface RealAlertmanager {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** An alert as Alertmanager's API shows it. */
export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

const CONFIGURATION = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] };

/** Where Debian's build looks for its templates, and a path as long that begins at the working folder. */
const [INSTALLED, UNPACKED] = ['/usr/share/prometheus/alertmanager', 'usr//share/prometheus/alertmanager'];

interface Startable {
  readonly program: string;
  readonly cwd?: string;
}

/** What is unpacked and not installed finds its templates only when it is told of another path: in a copy of it. */
const startable = (program: string, folder: string): Startable => {
  if (!isAbsolute(program)) return { program };
  const bytes = readFileSync(program);
  for (let at = bytes.indexOf(INSTALLED); at >= 0; at = bytes.indexOf(INSTALLED, at)) bytes.write(UNPACKED, at);
  const copy = join(folder, 'alertmanager');
  writeFileSync(copy, bytes, { mode: 0o755 });
  return { program: copy, cwd: join(program, '../../..') };
};

/** Where it says that it listens: the port is its own choice, so no other process can take it before. */
const urlOf = async (child: ChildProcess): Promise<string> => {
  if (child.stderr === null) throw new Error('Alertmanager has no output');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line);
    const address = /msg="?Listening on"? .*address=(127\.0\.0\.1:\d+)/i.exec(line)?.[1];
    if (address !== undefined) return `http://${address}`;
  }
  throw new Error(`Alertmanager ended:\n${said.join('\n')}`);
};

/** Starts it on a free port of 127.0.0.1; `undefined`, and said aloud, where this machine cannot have it. */
export const startAlertmanager = async (environment = process.env): Promise<RealAlertmanager | undefined> => {
  const found = await debianTool('prometheus-alertmanager', environment);
  if (found === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-alertmanager-'));
  const { program, cwd } = startable(found, folder);
  const configuration = join(folder, 'alertmanager.yml');
  writeFileSync(configuration, JSON.stringify(CONFIGURATION));
  const args = [
    `--config.file=${configuration}`,
    `--storage.path=${join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
    // Alone: otherwise it listens on every address for its like.
    '--cluster.listen-address=',
  ];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(cwd && { cwd }) });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = once(child, 'close');
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    kill();
    await closed;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = await urlOf(child);
    // What it logs from here on nobody reads.
    child.stderr.resume();
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** What its own API says is firing. */
export const firingIn = async ({ url }: Pick<RealAlertmanager, 'url'>): Promise<readonly FiringAlert[]> => {
  const response = await fetch(`${url}/api/v2/alerts`);
  if (!response.ok) throw new Error(`Alertmanager answered ${response.status}`);
  return (await response.json()) as readonly FiringAlert[];
};
