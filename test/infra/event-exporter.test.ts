/** The exporter's configurations, held against what a real exporter has sent. */
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { JOB_FINISHED, JOB_STARTED } from '../../shared/events/types.ts';
import { acceptedTypes } from '../support/accepted-types.ts';
import { exporterConfig, exporterConfigText, receiversOf, renderTemplates } from '../support/exporter-config.ts';
import { at } from '../support/fields.ts';
import { functionNames, ofKind, render } from '../support/manifests.ts';
import { layoutRequests, type RecordedRequest, webhookRequests } from '../support/recorded.ts';

const VARIANTS = ['webhook', 'sqs', 'eventbridge'];
const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  JOB_STARTED_QUEUE: 'started',
  JOB_FINISHED_QUEUE: 'finished',
  EVALUATE_POLICY_QUEUE: 'evaluate',
  EVENT_BUS: 'bus',
};
/** Behind a Broker or a bus a finish is sent once; a queue has one reader. */
const FINISH_RECEIVERS: Readonly<Record<string, readonly string[]>> = { sqs: ['job-finished', 'evaluate-policy'] };
const TYPES: Readonly<Record<string, string>> = {
  'job-started': JOB_STARTED,
  'job-finished': JOB_FINISHED,
  'evaluate-policy': JOB_FINISHED,
};

const eventOf = ({ body }: RecordedRequest): JsonObject => JSON.parse(body);
const changed = (event: JsonObject, change: JsonObject, involved: JsonObject = {}): JsonObject => ({
  ...event,
  ...change,
  involvedObject: { ...(event.involvedObject as JsonObject), ...involved },
});

/** A header's names and values, as the exporter's HTTP client writes them: Ce-Id. */
const attributesOf = ({ rawHeaders }: RecordedRequest): JsonObject =>
  Object.fromEntries(
    rawHeaders.flatMap((name, at) =>
      at % 2 === 0 && /^(ce-|content-type$)/i.test(name) ? [[name.toLowerCase(), rawHeaders[at + 1]]] : [],
    ),
  );

describe.each(VARIANTS)('the routes of %s', (variant) => {
  const config = exporterConfig(variant, ENVIRONMENT);

  const finishReceivers = FINISH_RECEIVERS[variant] ?? ['job-finished'];

  it('send every recorded event to the receiver that got it, and to no other that does not take it', () => {
    for (const request of webhookRequests) {
      const expected = request.path === '/job-started' ? ['job-started'] : finishReceivers;
      expect(receiversOf(config, eventOf(request))).toEqual(expected);
    }
  });

  const [start, finish] = [webhookRequests[0], webhookRequests[2]].map((one) => eventOf(one as RecordedRequest));
  it.each<[what: string, event: JsonObject]>([
    ['a CronJob', changed(start ?? {}, {}, { kind: 'CronJob' })],
    ['a Job of another group', changed(start ?? {}, {}, { apiVersion: 'batch.volcano.sh/v1alpha1' })],
    ['a Pod', changed(start ?? {}, {}, { kind: 'Pod', apiVersion: 'v1' })],
    ['a reason that only begins alike', changed(finish ?? {}, { reason: 'CompletedWithErrors' })],
    ['a reason that only ends alike', changed(finish ?? {}, { reason: 'NotCompleted' })],
    ['another reason', changed(start ?? {}, { reason: 'SuccessfulDelete' })],
    ['a finish that went wrong and says that it is normal', changed(finish ?? {}, { reason: 'BackoffLimitExceeded' })],
    ['a start that is a warning', changed(start ?? {}, { type: 'Warning' })],
  ])('send nobody an event about %s', (_, event) => {
    expect(receiversOf(config, event)).toEqual([]);
  });

  it.each([
    'BackoffLimitExceeded',
    'DeadlineExceeded',
    'PodFailurePolicy',
    'FailedIndexes',
    'MaxFailedIndexesExceeded',
  ])('send a warning of %s to job-finished', (reason) => {
    expect(receiversOf(config, changed(finish ?? {}, { reason, type: 'Warning' }))).toEqual(finishReceivers);
  });

  it('are anchored expressions throughout', () => {
    const rules = config.route.routes.flatMap(({ match }) => match);
    const expressions = rules.flatMap(({ receiver: _, ...rule }) => Object.values(rule));
    for (const expression of expressions) expect(expression).toMatch(/^\^(\w[\w/]*|\([\w|]+\))\$$/);
    expect(expressions).toHaveLength(rules.length * 4);
  });

  it('name receivers that there are, and use each', () => {
    const routed = new Set(config.route.routes.flatMap(({ match }) => match.map(({ receiver }) => receiver)));
    expect(config.receivers.map(({ name }) => name)).toEqual([...routed]);
  });
});

describe.each(VARIANTS)('the configuration %s', (variant) => {
  it('has no $ that the exporter would take for a variable, but those that are meant', () => {
    const dollars = exporterConfigText(variant)
      .split('\n')
      .filter((line) => !line.trimStart().startsWith('#'))
      .flatMap((line) => line.match(/\$.{0,1}\w*/g) ?? []);
    for (const dollar of dollars) expect(dollar).toMatch(/^\$(["']|\{\w+)$/);
  });

  it('sends again what the API server still has, and is not held up by its own limits', () => {
    expect(exporterConfig(variant)).toMatchObject({ maxEventAgeSeconds: 3_600, kubeQPS: 1_000, kubeBurst: 2_000 });
    expect(exporterConfig(variant)).not.toHaveProperty('omitLookup');
    expect(exporterConfig(variant)).not.toHaveProperty('leaderElection');
  });

  it('has all its variables from the Deployment', () => {
    const names = [...exporterConfigText(variant).matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
    const [deployment] = ofKind(render(`event-exporter/${variant}`), 'apps', 'Deployment');
    const set = (at(deployment, 'spec', 'template', 'spec', 'containers', 0, 'env') ?? []) as readonly {
      name: string;
    }[];
    const known = [...set.map(({ name }) => name), 'NAME'];
    expect(known).toEqual(expect.arrayContaining(names));
  });

  it('is what the exporter reads', () => {
    const manifests = render(`event-exporter/${variant}`);
    const [config] = ofKind(manifests, '', 'ConfigMap');
    const [deployment] = ofKind(manifests, 'apps', 'Deployment');
    const spec = at(deployment, 'spec', 'template', 'spec');
    const file = `${at(spec, 'containers', 0, 'volumeMounts', 0, 'mountPath')}/${Object.keys(config?.data ?? {})[0]}`;
    expect(at(spec, 'containers', 0, 'args')).toEqual([`-conf=${file}`]);
    expect(at(spec, 'volumes', 0, 'configMap', 'name')).toBe(config?.metadata.name);
  });
});

describe('the webhooks', () => {
  const { receivers } = exporterConfig('webhook');

  it('send what was recorded: the same attributes, and one Content-Type', () => {
    for (const request of webhookRequests) {
      const receiver = receivers.find(({ name }) => name === request.path.slice(1));
      const sent = renderTemplates(receiver?.webhook?.headers ?? {}, request.body);
      // The exporter adds it to every request; one among the headers would be a second.
      expect({ ...sent, 'content-type': 'application/json' }).toEqual(attributesOf(request));
    }
  });

  it('post to the Broker of the functions', () => {
    const [broker] = ofKind(render('knative/base'), 'eventing.knative.dev', 'Broker');
    const { namespace, name } = broker?.metadata ?? {};
    const endpoint = `http://broker-ingress.knative-eventing.svc.cluster.local/${namespace}/${name}`;
    expect(receivers.map(({ webhook }) => webhook?.endpoint)).toEqual([endpoint, endpoint]);
  });
});

describe.each([
  ['sqs', 'layout'],
  ['eventbridge', 'details'],
])('the receivers of %s', (variant, field) => {
  const { receivers } = exporterConfig(variant, ENVIRONMENT);

  it('send the structured CloudEvents that were recorded', () => {
    expect(layoutRequests.length).toBeGreaterThan(0);
    for (const { body } of layoutRequests) {
      const recorded = JSON.parse(body);
      const takers = receivers.filter(({ name }) => TYPES[name] === recorded.type);
      expect(takers.length).toBeGreaterThan(0);
      for (const taker of takers) {
        const sent = renderTemplates(at(taker, variant, field) as Record<string, string>, recorded.data);
        expect(sent).toEqual(recorded);
      }
    }
  });

  it('say all that the exporter needs to know', () => {
    const expected = {
      sqs: (name: string) => ({
        queueName: ENVIRONMENT[`${name.toUpperCase().replace('-', '_')}_QUEUE` as keyof typeof ENVIRONMENT],
        region: 'eu-central-1',
      }),
      eventbridge: (name: string) => ({
        eventBusName: 'bus',
        region: 'eu-central-1',
        source: 'kubernetes-event-exporter',
        detailType: TYPES[name],
      }),
    }[variant as 'sqs' | 'eventbridge'];
    for (const receiver of receivers) expect(at(receiver, variant)).toMatchObject(expected(receiver.name));
  });
});

describe('the queues of sqs', () => {
  it('are those of every function that takes what the exporter sends', () => {
    const types: readonly string[] = [JOB_STARTED, JOB_FINISHED];
    const takers = functionNames().filter((name) => acceptedTypes(name).some((type) => types.includes(type)));
    expect(
      exporterConfig('sqs')
        .receivers.map(({ name }) => name)
        .toSorted(),
    ).toEqual(takers);
  });
});
