/** The file that says who may send what: the one that the docs show, and how each mistake in one is told. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { JOB_FINISHED, JOB_STARTED } from '../../shared/events/types.ts';
import { openAuthentication } from '../../shared/runtime/auth.ts';
import { authConfigIn, readAuthConfig, WrongAuthConfig } from '../../shared/runtime/auth-file.ts';
import { bearing, judged } from '../support/auth-credentials.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { errorOf } from '../support/error-of.ts';
import { ROOT } from '../support/examples.ts';

const folder = temporaryFolder();

const TOKENS = { files: ['/secrets/tokens'] };
const OIDC = { issuer: 'https://issuer.example', audience: 'scan-status', subjects: ['me'] };
const ALL = { functions: '*', types: '*', namespaces: '*' };
const credential = (more: JsonObject = {}): JsonObject => ({ name: 'one', tokens: TOKENS, allows: ALL, ...more });
const oidc = (more: JsonObject): JsonObject => ({ name: 'one', oidc: { ...OIDC, ...more }, allows: ALL });
const config = (...credentials: readonly unknown[]): string => JSON.stringify({ credentials });

describe('AUTH_CONFIG', () => {
  it('may be what the docs show', () => {
    const [, sample = ''] = /```yaml\n(.*?)```/s.exec(readFileSync(join(ROOT, 'docs/authentication.md'), 'utf8')) ?? [];
    const { credentials } = readAuthConfig(sample);
    expect(credentials.map(({ name, allows }) => [name, allows])).toEqual([
      [
        'job-events',
        {
          functions: ['job-started', 'job-finished'],
          types: [JOB_STARTED, JOB_FINISHED],
          namespaces: '*',
          replays: false,
          reads: false,
        },
      ],
      [
        'team-a',
        {
          functions: ['evaluate-policy'],
          types: ['dev.scanstatus.report-ready.v1'],
          namespaces: ['team-a'],
          replays: false,
          reads: false,
        },
      ],
      ['operators', { functions: '*', types: '*', namespaces: '*', replays: true, reads: true }],
      [
        'webhook',
        { functions: ['job-finished'], types: [JOB_FINISHED], namespaces: ['team-b'], replays: false, reads: false },
      ],
    ]);
  });

  it('allows nothing that it does not say', () => {
    const [only] = readAuthConfig(config(credential({ allows: { reads: true } }))).credentials;
    expect(only?.allows).toEqual({ functions: [], types: [], namespaces: [], replays: false, reads: true });
  });

  it('names files as seen from its own folder', async () => {
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets', 'tokens'), 'a-token-0123456789');
    const file = join(folder, 'auth.yaml');
    writeFileSync(file, config(credential({ tokens: { files: ['secrets/tokens'] } })));
    const authenticate = await openAuthentication(await authConfigIn(file));
    expect(await judged(authenticate, bearing('Bearer a-token-0123456789'))).toBe('one');
    writeFileSync(file, config({ ...oidc({ caFile: 'ca', tokenFile: '/t' }) }));
    const [{ oidc: found } = {}] = (await authConfigIn(file)).credentials;
    expect([found?.caFile, found?.tokenFile]).toEqual([join(folder, 'ca'), '/t']);
  });

  it('must be there', async () => {
    expect((await errorOf(authConfigIn(join(folder, 'nowhere')))).message).toBe('cannot be read');
  });

  it.each<[text: string, problem: string]>([
    ['', 'expected a document, but the input is empty'],
    ['text', 'the file: must be an object'],
    ['credential: []', 'credentials: must be a list'],
    ['credentials: [', 'line 1: unexpected end of the stream within a flow collection'],
    ['a: &a\nb: *c', 'line 2: unidentified alias "c"'],
    ['credentials: 1', 'credentials: must be a list'],
    [config(), 'credentials: must hold at least one credential'],
    [config(...Array(101).fill(credential())), 'credentials: must not hold more than 100 credentials'],
    [config(1), 'credentials.0: must be an object'],
    [config(credential(), credential()), 'credentials.1.name: must not stand twice'],
    [config(credential({ name: 'A b' })), 'credentials.0.name: must be a name: a-z, 0-9 and -'],
    [config(credential({ name: undefined })), 'credentials.0.name: must be a name'],
    [config(credential({ tokens: undefined })), 'credentials.0: must say one of oidc, tokens, hmac'],
    [config(credential({ oidc: OIDC })), 'credentials.0: must say one of oidc, tokens, hmac'],
    [
      config(credential({ password: 'x' })),
      'credentials.0: there is no "password" here; there are name, oidc, tokens, hmac, allows',
    ],
    [
      config(credential({ allows: { ...ALL, types: '*', kinds: [] } })),
      'credentials.0.allows: there is no "kinds" here; there are functions, types, namespaces, replays, reads',
    ],
    [config(credential({ tokens: { files: [] } })), 'credentials.0.tokens.files: must name at least one file'],
    [config(credential({ tokens: { files: 'x' } })), 'credentials.0.tokens.files: must be a list of files'],
    [config(credential({ allows: undefined })), 'credentials.0.allows: must be an object'],
    [
      config(credential({ allows: {} })),
      'credentials.0.allows: must say functions, types, namespaces: "*" for all, or a list',
    ],
    [
      config(credential({ allows: { replays: true, reads: true } })),
      'credentials.0.allows: must say functions, types, namespaces: "*" for all, or a list',
    ],
    [
      config(credential({ allows: { functions: '*', reads: true } })),
      'credentials.0.allows: must say types, namespaces: "*" for all, or a list',
    ],
    [
      config(credential({ allows: { ...ALL, functions: 'all' } })),
      'credentials.0.allows.functions: must be "*", for all functions, or a list of them',
    ],
    [
      config(credential({ allows: { ...ALL, functions: [] } })),
      'credentials.0.allows.functions: must list at least one of the functions',
    ],
    [
      config(credential({ allows: { ...ALL, namespaces: ['a', '*'] } })),
      'credentials.0.allows.namespaces.1: must be the name of a namespace: a-z, 0-9 and -',
    ],
    [
      config(credential({ allows: { ...ALL, types: ['job-started'] } })),
      'credentials.0.allows.types.0: must be one of dev.scanstatus.job-started.v1, dev.scanstatus.job-finished.v1, dev.scanstatus.report-ready.v1, dev.scanstatus.policy-evaluated.v1, dev.scanstatus.status-changed.v1, dev.scanstatus.alerts-due.v1, dev.knative.sources.ping, dev.knative.apiserver.resource.add, dev.knative.apiserver.resource.update, dev.knative.apiserver.resource.delete',
    ],
    [config(credential({ allows: { ...ALL, replays: 'yes' } })), 'credentials.0.allows.replays: must be true or false'],
    [
      config(oidc({ issuer: 'http://issuer.example' })),
      'credentials.0.oidc.issuer: must be an https URL, without a password',
    ],
    [
      config(oidc({ issuer: 'https://a:b@issuer.example' })),
      'credentials.0.oidc.issuer: must be an https URL, without a password',
    ],
    [config(oidc({ issuer: 'https://issuer.example?a' })), 'credentials.0.oidc.issuer: must not hold a query'],
    [config(oidc({ audience: '' })), 'credentials.0.oidc.audience: must be a name or URL'],
    [
      config(oidc({ subjects: undefined })),
      'credentials.0.oidc.subjects: must be "*", for all subjects, or a list of them',
    ],
    [config(oidc({ subjects: ['a', 1] })), 'credentials.0.oidc.subjects.1: must be a subject'],
    [config(oidc({ jwksUrl: '/keys' })), 'credentials.0.oidc.jwksUrl: must be an https URL, without a password'],
    [
      config(oidc({ privateAddresses: ['10.0.0.1'] })),
      'credentials.0.oidc.privateAddresses.0: must be a range of addresses such as 10.0.0.0/8',
    ],
    [
      config(oidc({}), { ...oidc({ jwksUrl: 'https://a.example/' }), name: 'two' }),
      'credentials.1.oidc: must say the same as one of where the keys of its issuer are',
    ],
    [
      config({ name: 'one', hmac: TOKENS, allows: { ...ALL, reads: true } }),
      'credentials.0.allows.reads: needs a token: a request to read has no body to be signed',
    ],
    [
      config({ name: 'one', hmac: { ...TOKENS, timestampHeader: 'ce-time' }, allows: ALL }),
      'credentials.0.hmac.timestampHeader: must be a header of its own',
    ],
    [
      config({ name: 'one', hmac: { ...TOKENS, signatureHeader: 'a b' }, allows: ALL }),
      'credentials.0.hmac.signatureHeader: must be the name of a header',
    ],
    [`credentials: []\n#${'x'.repeat(262_144)}`, 'must not be larger than 262144 bytes'],
  ])('tells what is wrong, and where (%#)', (text, problem) => {
    const told = (): string => {
      try {
        return JSON.stringify(readAuthConfig(text));
      } catch (error) {
        if (error instanceof WrongAuthConfig) return error.message;
        throw error;
      }
    };
    expect(told()).toBe(problem);
  });
});
