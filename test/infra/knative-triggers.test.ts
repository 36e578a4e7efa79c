/** Which events the Broker sends to which function, and for how long it tries. */
import { describe, expect, it } from '@jest/globals';
import { triggeredTypes } from '../support/accepted-types.ts';
import { seconds } from '../support/durations.ts';
import { at } from '../support/fields.ts';
import { type Manifest, ofKind, render } from '../support/manifests.ts';

const base = render('knative/base');
const services = ofKind(base, 'serving.knative.dev', 'Service');
const triggers = ofKind(base, 'eventing.knative.dev', 'Trigger');

type Filter = { readonly exact: { readonly type: string; readonly kind?: string } };
const filtersOf = (trigger: Manifest): readonly Filter['exact'][] =>
  (at(trigger, 'spec', 'filters', 0, 'any') as readonly Filter[]).map(({ exact }) => exact);

describe('a Trigger', () => {
  it.each(triggers)('sends $metadata.name the types that it accepts of a Broker, and no others', (trigger) => {
    const types = filtersOf(trigger).map(({ type }) => type);
    expect(types.toSorted()).toEqual(triggeredTypes(trigger.metadata.name).toSorted());
  });

  it.each(triggers)('tells $metadata.name of one kind of object only', (trigger) => {
    const kind = trigger.metadata.name === 'compile-policy' ? 'ScanPolicy' : 'Job';
    for (const { type, kind: filtered } of filtersOf(trigger))
      expect([type, filtered]).toEqual([type, type.startsWith('dev.knative.apiserver.') ? kind : undefined]);
  });

  it.each(triggers)('tries $metadata.name for more than a day, waiting longer each time', ({ spec }) => {
    const { retry, backoffPolicy, backoffDelay, deadLetterSink } = at(spec, 'delivery') as Record<string, unknown>;
    expect(backoffPolicy).toBe('exponential');
    expect((2 ** Number(retry) - 1) * seconds(backoffDelay)).toBeGreaterThan(24 * 3_600);
    expect(at(deadLetterSink, 'ref', 'name')).toBe('dead-letters');
  });

  it.each(triggers)('waits for $metadata.name longer than it may take', ({ metadata, spec }) => {
    const service = services.find((one) => one.metadata.name === metadata.name);
    const most = Number(at(service, 'spec', 'template', 'spec', 'timeoutSeconds'));
    expect(seconds(at(spec, 'delivery', 'timeout'))).toBeGreaterThan(most);
  });
});
