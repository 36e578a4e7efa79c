/** The functions for those who deploy with `func`: the same as the Knative Services, as far as func can say it. */
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { at } from '../support/fields.ts';
import { functionNames, INFRA, ofKind, readYaml, render } from '../support/manifests.ts';
import { podsOf } from '../support/pods.ts';

const names = functionNames();
const pods = new Map(
  podsOf(ofKind(render('knative/base'), 'serving.knative.dev', 'Service')).map((pod) => [pod.name, pod]),
);
const funcOf = (name: string) => readYaml(join(INFRA, 'knative/func', name, 'func.yaml'))[0];
const podOf = (name: string) => pods.get(`Service ${name}`);

describe('func.yaml', () => {
  it.each(names)('of %s names the function, its image and its account', (name) => {
    expect(funcOf(name)).toMatchObject({
      specVersion: '0.36.0',
      name,
      runtime: 'node',
      image: podOf(name)?.container.image,
      invoke: 'cloudevent',
      deploy: { namespace: 'scan-status', serviceAccountName: name },
    });
  });

  it.each(names)('of %s has the settings and the bounds of its Service', (name) => {
    const { container, spec } = podOf(name) ?? {};
    const { requests, limits } = at(container, 'resources') as Record<'requests' | 'limits', object>;
    expect(at(funcOf(name), 'run', 'envs')).toEqual(container?.env);
    expect(at(funcOf(name), 'deploy', 'options', 'resources')).toEqual({
      requests,
      limits: { ...limits, concurrency: at(spec, 'containerConcurrency') },
    });
  });

  it.each(names)('of %s mounts what its Service mounts', (name) => {
    const { container, spec } = podOf(name) ?? {};
    const mounts = (at(container, 'volumeMounts') ?? []) as readonly { name: string; mountPath: string }[];
    const volumes = (at(spec, 'volumes') ?? []) as readonly Record<string, unknown>[];
    const expected = mounts.map((mount) => {
      const volume = volumes.find((one) => one.name === mount.name);
      const secret = at(volume, 'secret', 'secretName');
      const configMap = at(volume, 'configMap', 'name');
      const emptyDir = at(volume, 'emptyDir');
      return { path: mount.mountPath, ...(secret ? { secret } : configMap ? { configMap } : { emptyDir }) };
    });
    expect(at(funcOf(name), 'run', 'volumes') ?? []).toEqual(expected);
  });
});
