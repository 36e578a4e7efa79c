/** The functions on Knative where each takes only its own Trigger's tokens. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readAuthConfig } from '../../shared/runtime/auth-file.ts';
import { triggeredTypes } from '../support/accepted-types.ts';
import { at } from '../support/fields.ts';
import { functionNames, INFRA, ofKind, render } from '../support/manifests.ts';
import { podsOf } from '../support/pods.ts';

const manifests = render('knative/base', ['knative/components/oidc']);
const triggers = ofKind(manifests, 'eventing.knative.dev', 'Trigger');
const pods = podsOf(ofKind(manifests, 'serving.knative.dev', 'Service'));
const { credentials } = readAuthConfig(readFileSync(join(INFRA, 'knative/components/oidc/auth.yaml'), 'utf8'));

/** The longest name of an object that is a DNS label; Knative would cut a longer one, and append a digest. */
const LONGEST = 63;

describe('the component oidc', () => {
  it('is about every function', () => {
    const triggers = credentials.filter(({ name }) => name.endsWith('-trigger'));
    expect(triggers.flatMap(({ allows }) => allows.functions).toSorted()).toEqual(functionNames());
  });

  it.each(triggers)('lets the Trigger $metadata.name send what its function accepts, and nothing else', (trigger) => {
    const { name, namespace } = trigger.metadata;
    const account = `${name}-oidc-eventing.knative.dev-trigger`;
    expect(account.length).toBeLessThanOrEqual(LONGEST);
    const audience = at(trigger, 'spec', 'subscriber', 'audience');
    const { oidc, allows } = credentials.find((one) => one.name === `${name}-trigger`) ?? {};
    expect(oidc).toMatchObject({ audience, subjects: [`system:serviceaccount:${namespace}:${account}`] });
    expect(allows).toEqual({
      functions: [name],
      types: expect.arrayContaining([...triggeredTypes(name)]),
      namespaces: '*',
      replays: false,
      reads: false,
    });
    expect(allows?.types).toHaveLength(triggeredTypes(name).length);
  });

  it('lets the source of ticks send ticks to alert, and nothing else', () => {
    const [source] = ofKind(manifests, 'sources.knative.dev', 'PingSource');
    const account = `${source?.metadata.name}-oidc-sources.knative.dev-pingsource`;
    expect(account.length).toBeLessThanOrEqual(LONGEST);
    const audience = at(source, 'spec', 'sink', 'audience');
    const others = credentials.filter(({ name }) => !name.endsWith('-trigger'));
    expect(others).toMatchObject([
      {
        oidc: { audience, subjects: [`system:serviceaccount:scan-status:${account}`] },
        allows: { functions: ['alert'], types: ['dev.knative.sources.ping'], replays: false, reads: false },
      },
    ]);
  });

  it.each(pods)('$name asks for tokens, and has what says whose', ({ spec, container }) => {
    const { env = [] } = container;
    expect(env.map(({ name }) => name)).not.toContain('AUTH');
    expect(env).toContainEqual({ name: 'AUTH_CONFIG', value: '/etc/scan-status/auth/auth.yaml' });
    expect(at(container, 'volumeMounts')).toContainEqual({
      name: 'auth',
      mountPath: '/etc/scan-status/auth',
      readOnly: true,
    });
    expect(at(spec, 'volumes')).toContainEqual({ name: 'auth', configMap: { name: 'auth' } });
  });

  it('takes nothing from the functions that they have without it', () => {
    const without = podsOf(ofKind(render('knative/base'), 'serving.knative.dev', 'Service'));
    for (const [index, { container }] of without.entries()) {
      const kept = (container.env ?? []).filter(({ name }) => name !== 'AUTH');
      expect(pods[index]?.container.env).toEqual(expect.arrayContaining(kept));
    }
  });
});
