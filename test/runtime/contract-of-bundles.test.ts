/** The same contract of answers, held against the bundles, each in a process of its own, as people run them. */
import { join } from 'node:path';
import { describe } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { awsServers } from '../support/aws-server.ts';
import { builtBundles } from '../support/bundles-built.ts';
import { send } from '../support/http-client.ts';
import { structured } from '../support/http-messages.ts';
import { lambdaHost } from '../support/lambda-hosts.ts';
import { describeContract } from '../support/runtime-contract.ts';
import { WORLDS } from '../support/runtime-contract-cases.ts';
import { worldsOfProcesses } from '../support/runtime-contract-environments.ts';
import { HEARS, SOURCES } from '../support/runtime-contract-sources.ts';
import { type ServerProcess, serverProcesses } from '../support/server-process.ts';

const { folder } = builtBundles('job-started', 'job-finished', 'policy-evaluated');
const openWorld = worldsOfProcesses();

/** What the environment of this process says of AWS. */
const ofAws = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('AWS_'))) as Record<string, string>;

describe('a bundle for Knative:', () => {
  const start = serverProcesses();
  describeContract({
    name: 'its server',
    family: 'http',
    worlds: WORLDS,
    open: async (world) => {
      const { environment, statuses } = await openWorld(world);
      const started = new Map<string, Promise<ServerProcess>>();
      return {
        deliver: async (event, to) => {
          const process = started.get(to) ?? start(environment, join(folder(), 'knative', `${to}.mjs`));
          started.set(to, process);
          return { answer: String((await send((await process).url, structured(event, `/${to}`))).status) };
        },
        statuses,
      };
    },
  });
});

/** Sources differ in what brings an event, not in the bundle: one of each family, and one that nests them. */
const BUNDLED = ['a function URL', 'a standard queue', 'EventBridge', 'SNS', 'EventBridge in SNS in a queue'];

describe('a bundle for AWS Lambda:', () => {
  const openAws = awsServers();
  const callHandler = lambdaHost();
  for (const [name, family, wrap] of SOURCES.filter(([source]) => BUNDLED.includes(source))) {
    describeContract({
      name,
      family,
      worlds: WORLDS,
      open: async (world) => {
        const aws = await openAws();
        const { name: worldName, environment, statuses } = await openWorld(world);
        const settings = { AUTH: 'none', LOG_LEVEL: 'silent', ...ofAws(), ...environment };
        const call = (event: JsonObject, to: string): Promise<unknown> =>
          callHandler({
            file: join(folder(), 'lambda', to, 'index.mjs'),
            world: worldName,
            environment: settings,
            event: wrap(event, `/${to}`),
          });
        return {
          deliver: (event, to) => HEARS[family](call(event, to), () => aws.requests.length),
          statuses,
        };
      },
    });
  }
});
