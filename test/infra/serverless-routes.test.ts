/** The rules of the bus, as they are packaged: each event reaches the functions that take it, and none goes in a circle. */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { alert } from '../../functions/alert/handler.ts';
import { compilePolicy } from '../../functions/compile-policy/handler.ts';
import { evaluatePolicy } from '../../functions/evaluate-policy/handler.ts';
import { jobFinished } from '../../functions/job-finished/handler.ts';
import { jobStarted } from '../../functions/job-started/handler.ts';
import { policyEvaluated } from '../../functions/policy-evaluated/handler.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { eventIn } from '../../shared/events/envelopes.ts';
import {
  ALERTS_DUE,
  APISERVER_ADDED,
  APISERVER_DELETED,
  APISERVER_UPDATED,
  JOB_FINISHED,
  JOB_STARTED,
  POLICY_EVALUATED,
  REPORT_READY,
  STATUS_CHANGED,
} from '../../shared/events/types.ts';
import type { AnyFunction } from '../../shared/runtime/function.ts';
import { apiServerEvents, layoutRequests, webhookRequests } from '../support/recorded.ts';
import { packages } from '../support/serverless-package.ts';
import { matches } from '../support/serverless-pattern.ts';
import { idOf, ofType, type Template } from '../support/serverless-template.ts';

// The machine may be busy.
jest.setTimeout(60_000);

/** What they work with is not asked for: only which events they take. */
const FUNCTIONS: readonly AnyFunction[] = [
  jobStarted,
  jobFinished,
  policyEvaluated,
  evaluatePolicy({} as never),
  compilePolicy({} as never),
  alert({} as never),
];

/** What functions emit that tell no fact themselves; all others tell what their facts changed. */
const EMITS: Readonly<Record<string, readonly string[]>> = {
  'evaluate-policy': [POLICY_EVALUATED],
  'compile-policy': [],
  alert: [],
};
const emittedBy = (one: AnyFunction): readonly string[] => ('fact' in one ? [STATUS_CHANGED] : (EMITS[one.name] ?? []));

interface Rule {
  readonly EventBusName: string;
  readonly EventPattern: JsonObject;
  readonly Targets: readonly { readonly Arn: string }[];
}

const pack = packages();
let template: Template;
let rules: readonly Rule[];
beforeAll(() => {
  ({ template } = pack());
  rules = [...ofType<Rule>(template, 'AWS::Events::Rule').values()];
});

/** The functions whose queue an event on the bus reaches, as often as it does. */
const reached = (detail: JsonObject): readonly string[] => {
  const wrapped = { version: '0', id: 'made by EventBridge', 'detail-type': 'any', source: 'any', detail };
  const queues = rules.filter(({ EventPattern }) => matches(EventPattern, wrapped)).flatMap(({ Targets }) => Targets);
  return queues
    .map(({ Arn }) => FUNCTIONS.find(({ name }) => Arn === `${idOf(name)}Queue.Arn`)?.name ?? `nobody by ${Arn}`)
    .sort();
};

const isObjectEvent = (type: unknown): boolean => String(type).startsWith('dev.knative.apiserver.');

/** The functions that take an event. The type does not say whether an object is a Job or a ScanPolicy. */
const takers = (event: JsonObject): readonly string[] =>
  FUNCTIONS.filter(({ accepts }) => accepts.includes(String(event.type)))
    .filter(({ name }) => !isObjectEvent(event.type) || (name === 'compile-policy') === isScanPolicy(event))
    .map(({ name }) => name)
    .sort();

const isScanPolicy = ({ data }: JsonObject): boolean => (data as JsonObject).kind === 'ScanPolicy';

const native = (type: string): JsonObject => ({ specversion: '1.0', id: '1', source: '/me', type, data: {} });
const scanPolicy = (type: string): JsonObject => ({ ...native(type), data: { kind: 'ScanPolicy', metadata: {} } });

const layout = layoutRequests.map(({ body }): JsonObject => JSON.parse(body));
const exporterObjects = webhookRequests.map(({ body }): JsonObject => JSON.parse(body));

const onTheBus: readonly (readonly [what: string, events: readonly JsonObject[]])[] = [
  ['the exporter with a layout', layout],
  ['ApiServerSource, of Jobs', apiServerEvents],
  ['ApiServerSource, of ScanPolicies', [APISERVER_ADDED, APISERVER_UPDATED, APISERVER_DELETED].map(scanPolicy)],
  ['others', [JOB_STARTED, JOB_FINISHED, REPORT_READY, POLICY_EVALUATED, STATUS_CHANGED, ALERTS_DUE].map(native)],
];

describe('an event on the bus reaches the functions that take it, once each', () => {
  it.each(onTheBus)('from %s', (_, events) => {
    expect(events.map(({ id, type, ...event }) => [type, reached({ id, type, ...event })])).toEqual(
      events.map((event) => [event.type, takers(event)]),
    );
  });

  it('from the exporter without a layout', () => {
    expect(exporterObjects.map(reached)).toEqual(exporterObjects.map((sent) => takers(eventIn(sent) ?? {})));
  });

  it('which is true of every function', () => {
    const all = [...onTheBus.flatMap(([, events]) => events), ...exporterObjects];
    expect(new Set(all.flatMap(reached))).toEqual(new Set(FUNCTIONS.map(({ name }) => name)));
  });
});

describe('an event reaches nobody', () => {
  const [first = {}] = exporterObjects;
  const pod = { ...(first.involvedObject as JsonObject), kind: 'Pod', apiVersion: 'v1' };
  it.each([
    ['of another type', native('dev.scanstatus.job-started.v2')],
    ['of an earlier CloudEvents', { ...native(JOB_STARTED), specversion: '0.3' }],
    ['about a Pod', { ...first, involvedObject: pod }],
    ['with a reason of no interest', { ...first, reason: 'SuccessfulDelete' }],
    ['about an object of another kind', { ...native(APISERVER_ADDED), data: { kind: 'Pod' } }],
    ['with nothing in it', {}],
  ])('%s', (_, event) => {
    expect(reached(event)).toEqual([]);
  });
});

describe('what functions emit', () => {
  const next = (name: string): readonly string[] => {
    const one = FUNCTIONS.find((each) => each.name === name);
    return one === undefined ? [] : emittedBy(one).map(native).flatMap(reached);
  };
  /** All that is ever reached by what a function emits, and by what follows from that. */
  const reachable = (name: string): ReadonlySet<string> => {
    const found = new Set(next(name));
    // What is added meanwhile is visited, too.
    for (const one of found) for (const other of next(one)) found.add(other);
    return found;
  };

  it('reaches alert from whatever changes a status', () => {
    for (const name of ['job-started', 'job-finished', 'policy-evaluated']) expect(next(name)).toEqual(['alert']);
  });

  it('reaches policy-evaluated from evaluate-policy', () => {
    expect(next('evaluate-policy')).toEqual(['policy-evaluated']);
  });

  it.each(FUNCTIONS.map(({ name }) => name))('never comes back to %s', (name) => {
    expect([...reachable(name)]).not.toContain(name);
  });

  it.each(FUNCTIONS.map((one) => [one.name, emittedBy(one).length > 0] as const))(
    'has a bus to go to, and only then: %s',
    (name, emits) => {
      const handlers = [...ofType(template, 'AWS::Lambda::Function').values()];
      const deployed = handlers.find(({ Handler }) => Handler === `dist/lambda/${name}/index.handler`);
      expect(deployed?.Environment).toMatchObject({ Variables: { SCAN_STORE: expect.any(String) } });
      const { Name } = ofType(template, 'AWS::Events::EventBus').get('Bus') ?? {};
      expect(JSON.stringify(deployed).includes(`"EVENT_BUS_NAME":"${Name}"`)).toBe(emits);
    },
  );
});

describe('each rule', () => {
  it('is one of our bus, with one queue to send to', () => {
    expect(rules.map(({ EventBusName }) => EventBusName)).toEqual(rules.map(() => 'Bus'));
    expect(rules.map(({ Targets }) => Targets.length)).toEqual(rules.map(() => 1));
  });
});
