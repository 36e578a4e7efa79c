/** What a live scan's spec tells its status, whatever somebody wrote there. */
import { describe, expect, it } from '@jest/globals';
import { scanSpec } from '../../shared/scans/spec.ts';

describe('the spec of a scan', () => {
  it.each([
    {
      source: 'registry',
      spec: { image: 'r/app@sha256:1', imagePullSecrets: [{ name: 's' }] },
      artifact: { image: 'r/app@sha256:1' },
    },
    {
      source: 'git',
      spec: { url: 'ssh://g/app', revision: 'main@sha1:1', knownHosts: 'k', secretName: 's' },
      artifact: { url: 'ssh://g/app', revision: 'main@sha1:1' },
    },
    { source: 'blob', spec: { url: 'https://b/app.tgz', password: 's' }, artifact: { url: 'https://b/app.tgz' } },
  ])('names what is scanned ($source), and no secret', ({ source, spec, artifact }) => {
    expect(scanSpec({ [source]: spec })).toEqual({ namesPolicy: false, artifact: { [source]: artifact } });
  });

  it('names a policy, or none', () => {
    expect(scanSpec({ scanPolicy: 'strict' })).toEqual({ namesPolicy: true, policy: 'strict' });
    for (const scanPolicy of ['', null, 7, {}]) expect(scanSpec({ scanPolicy })).toEqual({ namesPolicy: false });
  });

  it.each([undefined, null, 'text', 7, [], {}, { registry: 'r/app' }, { registry: {} }, { registry: { image: 7 } }])(
    'is nothing where it is %j',
    (spec) => {
      expect(scanSpec(spec)).toEqual({ namesPolicy: false });
    },
  );

  it('names one thing of several', () => {
    expect(scanSpec({ git: { url: 'ssh://g/app' }, registry: { image: 'r/app' } }).artifact).toEqual({
      registry: { image: 'r/app' },
    });
  });
});
