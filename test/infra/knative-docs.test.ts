/** The pages about Knative and the sources of events name what there is. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { at } from '../support/fields.ts';
import { kustomizations, ofKind, ROOT, render } from '../support/manifests.ts';

const PAGES = ['docs/knative.md', 'docs/event-sources.md'];
const page = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

describe.each(PAGES)('%s', (name) => {
  it('applies kustomizations that there are', () => {
    const applied = [...page(name).matchAll(/-k (infra\/[\w/-]+)/g)].map(([, path = '']) => path);
    expect(applied.length).toBeGreaterThan(0);
    for (const path of applied)
      expect([path, existsSync(join(ROOT, path, 'kustomization.yaml'))]).toEqual([path, true]);
  });

  it('names folders and files that there are', () => {
    const named = [...page(name).matchAll(/\binfra\/(?:knative|event-exporter|rbac|admission)[\w/-]*(?:\.\w+)?/g)];
    const paths = named.map(([path]) => path.replace('FUNCTION', 'job-started'));
    for (const path of paths) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  });
});

describe('docs/knative.md', () => {
  const text = page('docs/knative.md');

  it('tells of every overlay and every component', () => {
    const all = [...kustomizations('Kustomization'), ...kustomizations('Component')];
    for (const folder of all.filter((one) => /^knative\/(overlays|components)\//.test(one)))
      expect(text).toContain(folder.split('/').at(-1));
  });

  it('makes the keys where the Services look for them', () => {
    expect(text).toContain('create secret generic verdict-key --from-file=private.pem');
    expect(text).toContain('create configmap verdict-keys --from-file=public.pem');
    const services = JSON.stringify(ofKind(render('knative/base'), 'serving.knative.dev', 'Service'));
    expect(services).toContain('/verdict-key/private.pem');
    expect(services).toContain('/verdict-keys/public.pem');
  });

  it('gives the Dockerfile every image that it asks for', () => {
    const asked = [...page('Dockerfile').matchAll(/^ARG (\w+)$/gm)].map(([, argument = '']) => argument);
    for (const argument of asked) expect(text).toContain(`--build-arg ${argument}=`);
  });

  it('counts the tries as the Triggers do', () => {
    const [trigger] = ofKind(render('knative/base'), 'eventing.knative.dev', 'Trigger');
    expect(text).toContain(`${at(trigger, 'spec', 'delivery', 'retry')} times`);
  });
});
