/**
 * Kubeconfig files: which server they name, and who we are there.
 *
 * They are read as kubectl reads them. What goes wrong is told without anything that might be a secret.
 */
import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { load, YAMLException } from 'js-yaml';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import type { Account, Credentials } from './account.ts';
import { keptOpen } from './dispatch.ts';
import { execCredentials, execProgram, type ProgramEnvironment } from './exec-credentials.ts';

export interface KubeconfigSettings {
  /** At least one file, as `KUBECONFIG` names them. */
  readonly kubeconfigs: readonly string[];
  /** What the programs inherit that a kubeconfig may name, and where credentials of AWS are. */
  readonly environment: ProgramEnvironment;
}

/** What of a user the client library knows under another name, or not well enough. */
const userOf = (user: JsonObject, folder: string): JsonObject => {
  const { exec, tokenFile, ...rest } = user;
  if (exec != null) {
    const { success, data } = execProgram.safeParse(exec);
    if (!success) throw new Error('its exec names no program that can be run');
    const { command, ...program } = data;
    // A path is one from the file's folder; a bare name is looked for in PATH.
    const found = command.includes('/') ? resolve(folder, command) : command;
    return { ...rest, 'auth-provider': { name: 'program', config: { program: { ...program, command: found } } } };
  }
  if (typeof tokenFile !== 'string') return user;
  return { ...rest, 'auth-provider': { name: 'tokenFile', config: { tokenFile: resolve(folder, tokenFile) } } };
};

const userEntry = (entry: unknown, folder: string): unknown =>
  isJsonObject(entry) && isJsonObject(entry.user) ? { ...entry, user: userOf(entry.user, folder) } : entry;

const parseYaml = (text: string): unknown => {
  if (text.trim() === '') return undefined;
  try {
    return load(text);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    // No cause, and not its own words: they quote the file.
    throw new Error(`it is no YAML${error.mark ? `, see line ${error.mark.line + 1}` : ''}`);
  }
};

const readFile = (file: string): KubeConfig => {
  const parsed = parseYaml(readFileSync(file, 'utf8'));
  if (!isJsonObject(parsed) || !(Array.isArray(parsed.clusters) || Array.isArray(parsed.users)))
    throw new Error('it is no kubeconfig');
  const folder = dirname(file);
  const users = Array.isArray(parsed.users) ? parsed.users.map((entry) => userEntry(entry, folder)) : [];
  const config = new KubeConfig();
  config.loadFromString(JSON.stringify({ ...parsed, users }));
  config.makePathsAbsolute(folder);
  return config;
};

const firstOfName = <T extends { readonly name: string }>(all: readonly T[]): T[] =>
  all.filter(({ name }, at) => all.findIndex((other) => other.name === name) === at);

/**
 * Several files as one: of several entries of one name the first stands, and files that are missing are passed over.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */
const readFiles = (files: readonly string[]): KubeConfig => {
  const present = files.filter((file) => existsSync(file));
  const all = (present.length === 0 ? files.slice(0, 1) : present).map(readFile);
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: firstOfName(all.flatMap((one) => one.getClusters())),
    users: firstOfName(all.flatMap((one) => one.getUsers())),
    contexts: firstOfName(all.flatMap((one) => one.getContexts())),
    currentContext: all.map((one) => one.getCurrentContext()).find((name) => name),
  });
  return config;
};

/** Throws where the files cannot be used. */
const readKubeconfigs = ({ kubeconfigs, environment }: KubeconfigSettings): KubeConfig => {
  const config = readFiles(kubeconfigs);
  config.addAuthenticator(execCredentials(environment));
  return config;
};

const currentCluster = (config: KubeConfig) => {
  const name = config.getCurrentContext();
  if (!name) throw new Error('it has no current-context');
  const context = config.getContextObject(name);
  if (!context) throw new Error('its current-context is not among its contexts');
  const cluster = config.getCluster(context.cluster);
  if (!cluster) throw new Error('its current context names a cluster that it does not have');
  if (context.user && !config.getUser(context.user))
    throw new Error('its current context names a user that it does not have');
  return cluster;
};

const basic = (auth: string): string => `Basic ${Buffer.from(auth).toString('base64')}`;

/** Who we are by this configuration, now: files that it names are read, programs that it names are run. */
const credentialsOf = async (config: KubeConfig): Promise<Credentials> => {
  const cluster = currentCluster(config);
  const url = URL.parse(cluster.server);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error('its server is no http or https URL');
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized, servername, auth, headers, agent } = options;
  const tls = Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, value]) => value != null);
  // A token's file may end in a line feed, which no header can.
  const told = Object.entries({ ...headers }).map(([name, value]) => [name, String(value).trim()]);
  return {
    origin: url.origin,
    prefix: url.pathname.replace(/\/$/, ''),
    headers: { ...(auth && { authorization: basic(auth) }), ...Object.fromEntries(told) },
    tls: Object.fromEntries(tls),
    ...(cluster.proxyUrl &&
      agent instanceof Agent && { proxy: { url: cluster.proxyUrl, connections: keptOpen(agent) } }),
  };
};

/** Who we are by kubeconfigs. */
export const kubeconfigAccount = (settings: KubeconfigSettings): Account => {
  const file = settings.kubeconfigs.join(':');
  let config: KubeConfig | undefined;
  const read = (): KubeConfig => {
    config ??= readKubeconfigs(settings);
    return config;
  };
  return {
    subject: file,
    remedy: 'set KUBECONFIG to a kubeconfig that works',
    hint: `; look at the cluster and the user of ${file}`,
    credentials: async () => credentialsOf(read()),
    forget: () => {
      config = undefined;
    },
  };
};
