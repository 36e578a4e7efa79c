/**
 * The program `opa`, run on the files of a folder: without a shell, without our environment, which it would take options
 * from, and for so long and with so much output only.
 */
import { execFile } from 'node:child_process';
import { Unavailable } from '../scans/unavailable.ts';

/** What became of a run that came to its end. */
interface Ran {
  /** 0 where it went well. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type RunOpa = (...args: readonly string[]) => Promise<Ran>;

/** The text made the program go on for too long, say too much, or crash. */
export class Overrun extends Error {
  override readonly name = 'Overrun';
}

/** Bytes of output. A syntax tree takes up to 50 times the bytes of its text. */
const MOST_OUTPUT = 64 * 2 ** 20;

interface Limits {
  readonly folder: string;
  /** Ends the run for the caller's own reasons. */
  readonly stopped: AbortSignal;
  /** Ends it for the text's reasons, these milliseconds after the first run began. */
  readonly late: AbortSignal;
  readonly deadline: number;
}

type Failure = Parameters<NonNullable<Parameters<typeof execFile>[3]>>[0];

const problemOf = (opa: string, error: NonNullable<Failure>, { stopped, late, deadline }: Limits): Error => {
  if (stopped.aborted) return new Unavailable('the compilation was stopped', { cause: error });
  if (late.aborted) return new Overrun(`the compiler takes longer than ${deadline / 1_000} seconds`, { cause: error });
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return new Overrun('the compiler says too much', { cause: error });
  if (error.signal) return new Overrun(`the compiler was ended by ${error.signal}`, { cause: error });
  const hint = 'set OPA_BIN to the program opa, 1.0 or newer';
  return new Unavailable(`${opa} cannot be started (${error.code ?? error.message}); ${hint}`, { cause: error });
};

/**
 * Runs `opa` in a folder.
 *
 * Rejects with `Unavailable` where there is no such program or the caller stops it, with `Overrun` where the text is at
 * fault.
 */
export const opaIn =
  (opa: string, limits: Limits): RunOpa =>
  (...args) =>
    new Promise((resolve, reject) => {
      const { folder, stopped, late } = limits;
      const ending = AbortSignal.any([stopped, late]);
      const child = execFile(
        opa,
        args,
        { cwd: folder, env: {}, maxBuffer: MOST_OUTPUT, killSignal: 'SIGKILL' },
        (error, stdout, stderr) => {
          ending.removeEventListener('abort', end);
          if (error === null) resolve({ code: 0, stdout, stderr });
          else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
          else reject(problemOf(opa, error, limits));
        },
      );
      // Not by its option `signal`, which asks the program whether it would end.
      const end = (): void => void child.kill('SIGKILL');
      if (ending.aborted) end();
      else ending.addEventListener('abort', end);
    });
