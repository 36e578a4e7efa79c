/**
 * The programs that a kubeconfig names to get credentials.
 *
 * The client library runs them for however long they take, and quotes what they print where it is not as expected, which
 * may be the very token.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { RequestOptions } from 'node:https';
import * as z from 'zod';

/** Milliseconds that a program may take. */
const DEADLINE = 15_000;

export type ProgramEnvironment = Readonly<Record<string, string | undefined>>;

/** A program as a kubeconfig names it. */
export const execProgram = z.object({
  command: z.string().min(1),
  apiVersion: z.string().default('client.authentication.k8s.io/v1'),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});

type Program = z.infer<typeof execProgram>;

const credential = z.object({
  status: z.object({
    token: z.string().nullish(),
    clientCertificateData: z.string().nullish(),
    clientKeyData: z.string().nullish(),
    expirationTimestamp: z.string().nullish(),
  }),
});

type Credential = z.infer<typeof credential>['status'];

const readCredential = (command: string, output: string): Credential => {
  try {
    return credential.parse(JSON.parse(output)).status;
  } catch {
    // No cause: it would quote the output.
    throw new Error(`${command} printed no ExecCredential`);
  }
};

const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? error.name;

/** What a program printed, once it has ended well. */
const outputOf = (child: ChildProcess, command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      output += piece;
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // A child of its own may live on and hold the other end.
      child.stdout?.destroy();
      reject(new Error(`${command} gave no credentials within ${DEADLINE / 1_000} seconds`));
    }, DEADLINE);
    child.once('error', (error) => reject(new Error(`${command} cannot be run (${codeOf(error)})`)));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ended with ${signal ?? code}; run it by hand to see why`));
    });
  });

const runProgram = async (program: Program, environment: ProgramEnvironment): Promise<Credential> => {
  const { command, apiVersion, args, env } = program;
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const told = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  const child = spawn(command, args ?? [], {
    env: { ...environment, KUBERNETES_EXEC_INFO: info, ...told },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return readCredential(command, await outputOf(child, command));
};

const hasExpired = ({ expirationTimestamp }: Credential): boolean =>
  expirationTimestamp != null && !(Date.parse(expirationTimestamp) > Date.now());

interface User {
  readonly name: string;
  readonly authProvider?: { readonly name?: string; readonly config?: { readonly program?: Program } };
}

/** Gets credentials from the program of a user, and again once they have expired. */
export const execCredentials = (environment: ProgramEnvironment) => {
  const known = new Map<string, Credential>();
  const credentialOf = async ({ name, authProvider }: User): Promise<Credential | undefined> => {
    const kept = known.get(name);
    if (kept !== undefined && !hasExpired(kept)) return kept;
    const program = authProvider?.config?.program;
    if (program === undefined) return undefined;
    const got = await runProgram(program, environment);
    known.set(name, got);
    return got;
  };
  return {
    isAuthProvider: ({ authProvider }: User): boolean => authProvider?.name === 'program',
    applyAuthentication: async (user: User, options: RequestOptions): Promise<void> => {
      const { token, clientCertificateData, clientKeyData } = (await credentialOf(user)) ?? {};
      if (token) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
      if (clientCertificateData) options.cert = clientCertificateData;
      if (clientKeyData) options.key = clientKeyData;
    },
  };
};
