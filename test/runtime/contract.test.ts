/** One contract of answers, held against HTTP and against every source of AWS Lambda. */
import { allFunctions } from '../../functions/all.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type Sent, send } from '../support/http-client.ts';
import { structured } from '../support/http-messages.ts';
import { lambda } from '../support/lambda-in-process.ts';
import { describeContract } from '../support/runtime-contract.ts';
import { WORLDS } from '../support/runtime-contract-cases.ts';
import { HEARS, inBinary, SOURCES } from '../support/runtime-contract-sources.ts';
import { servicesIn } from '../support/runtime-contract-worlds.ts';
import { servers } from '../support/server-in-process.ts';
import { statuses } from '../support/statuses.ts';

const serve = servers();

const server = (name: string, carry: (event: JsonObject, path: string) => Sent) =>
  describeContract({
    name,
    family: 'http',
    worlds: WORLDS,
    open: async (world) => {
      const services = servicesIn(world);
      const { url } = await serve(services);
      return {
        deliver: async (event, to) => ({ answer: String((await send(url, carry(event, `/${to}`))).status) }),
        statuses: () => statuses(services.store),
      };
    },
  });

server('a server, to an event in structured mode,', structured);
server('a server, to an event in binary mode,', inBinary);

for (const [name, family, wrap] of SOURCES) {
  describeContract({
    name,
    family,
    worlds: WORLDS,
    open: async (world) => {
      const services = servicesIn(world);
      return {
        deliver: async (event, to) => {
          const functions = allFunctions.filter((one) => one.name === to);
          const { handler, hidden } = lambda({ ...services, functions });
          return HEARS[family](handler(wrap(event, `/${to}`)), () => hidden.length);
        },
        statuses: () => statuses(services.store),
      };
    },
  });
}
