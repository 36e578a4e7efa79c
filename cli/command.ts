/** How every command ends: 2 and its usage for a wrong call, 1 and one line for what else is expected to go wrong. */
import { WrongSetting } from '../shared/runtime/config.ts';
import { Unavailable } from '../shared/scans/unavailable.ts';

/** The command was called wrongly. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const oneOf = (option: string, value: string, allowed: readonly string[]): string => {
  if (!allowed.includes(value)) throw new UsageError(`${option}: must be ${allowed.join(' or ')}`);
  return value;
};

const isUsage = (error: unknown): error is Error =>
  error instanceof UsageError ||
  error instanceof WrongSetting ||
  // node:util parseArgs: an unknown option, or one without its value
  (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_'));

/** What the operating system refuses: a full disk, a file that vanished meanwhile. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error;

/** What a shell says of a program that SIGPIPE ended. */
const READER_GONE = 141;

/** What went wrong and, where that does not say it already, why. */
const lineOf = ({ message, cause }: Error): string =>
  cause instanceof Error && !message.includes(cause.message) ? `${message}: ${cause.message}` : message;

/** Runs a command on the process's arguments and sets the exit status that it answers. */
export const run = async (usage: string, main: (args: readonly string[]) => Promise<number>): Promise<void> => {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (isUsage(error)) {
      process.stderr.write(`${lineOf(error)}\n\n${usage}\n`);
      process.exitCode = 2;
      return;
    }
    if (isSystemError(error) && error.code === 'EPIPE') {
      // A reader that has seen enough, as `head` has, need not be told.
      process.exitCode = READER_GONE;
      return;
    }
    if (!(error instanceof Unavailable || isSystemError(error))) throw error;
    process.stderr.write(`${lineOf(error)}\n`);
    process.exitCode = 1;
  }
};
