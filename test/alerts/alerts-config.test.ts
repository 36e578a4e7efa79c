/** The file that says who is told of what: what the sample says, what is so where nothing is said, and how each mistake is told. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { load } from 'js-yaml';
import { alertsConfigIn, readAlertsConfig, WrongAlertsConfig } from '../../shared/alerts/alerts-file.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { aView } from '../support/alert-views.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { errorOf } from '../support/error-of.ts';
import { ROOT } from '../support/examples.ts';

const folder = temporaryFolder();
const SAMPLE = join(ROOT, 'infra/samples/alerts.yaml');

const TEAM = { name: 'team', slack: { tokenFile: 'token', channel: 'C0123' } };
const WHEN = { condition: 'PolicySucceeded', to: 'False' };
const RULE = { name: 'failed', when: WHEN };
const NIGHTS = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin' };

const config = (more: JsonObject = {}): string => JSON.stringify({ receivers: [TEAM], ...more });
const receiver = (more: JsonObject): string => JSON.stringify({ receivers: [{ name: 'one', ...more }] });
const rule = (more: JsonObject): string => config({ rules: [{ ...RULE, ...more }] });
const when = (more: JsonObject): string => rule({ when: { ...WHEN, ...more } });
const hours = (more: JsonObject): string => config({ quietHours: { nights: { ...NIGHTS, ...more } } });
const only = (text: string) => readAlertsConfig(text).rules[0];

const problemOf = (text: string): string => {
  try {
    readAlertsConfig(text);
  } catch (error) {
    expect(error).toBeInstanceOf(WrongAlertsConfig);
    return (error as Error).message;
  }
  return 'nothing is wrong';
};

type Holder = Record<string, unknown>;

/** Every place in a value that holds something. */
const placesIn = (holder: object): readonly (readonly [Holder, string])[] =>
  Object.entries(holder).flatMap(([key, value]) => [
    [holder as Holder, key] as const,
    ...(typeof value === 'object' && value !== null ? placesIn(value) : []),
  ]);

/** What is wrong with a file, and how it is told. */
const MISTAKES: readonly (readonly [text: string, problem: string])[] = [
  ['', 'expected a document, but the input is empty'],
  ['text', 'the file: must be an object'],
  ['receivers: [', 'line 1: unexpected end of the stream within a flow collection'],
  ['receivers: []\nreceivers: []', 'line 2: duplicated mapping key'],
  ['{}', 'receivers: must be a list of receivers'],
  ['receivers: []', 'receivers: must name at least one of the receivers'],
  [JSON.stringify({ receivers: Array(51).fill(TEAM) }), 'receivers: must not name more than 50'],
  [
    config({ recievers: [] }),
    'the file: there is no "recievers" here; there are receivers, rules, quietHours, state, replays',
  ],
  ['receivers: [team]', 'receivers.0: must be an object'],
  [receiver({}), 'receivers.0: must say one of slack, slackWebhook, teams, pagerDuty, alertmanager, webhook, sns'],
  [receiver({ slack: TEAM.slack, teams: { urlFile: 'u' } }), 'receivers.0: must not say slack and teams at once'],
  [
    receiver({ email: {} }),
    'receivers.0: there is no "email" here; there are name, slack, slackWebhook, teams, pagerDuty, alertmanager, webhook, sns, privateAddresses, caFile, rate',
  ],
  [JSON.stringify({ receivers: [TEAM, TEAM] }), 'receivers.1.name: "team" must not stand twice'],
  [JSON.stringify({ receivers: [{ ...TEAM, name: 'The Team' }] }), 'receivers.0.name: must be a name: a-z, 0-9 and -'],
  [JSON.stringify({ receivers: [{ slack: TEAM.slack }] }), 'receivers.0.name: must be a name'],
  [receiver({ slack: { channel: 'C0123' } }), 'receivers.0.slack.tokenFile: must be the name of a file'],
  [receiver({ slack: { tokenFile: 't' } }), 'receivers.0.slack.channel: must be the ID of a channel'],
  [
    receiver({ slack: { tokenFile: 't', channel: 'my team' } }),
    'receivers.0.slack.channel: must be the ID of a channel, such as C0123456789',
  ],
  [
    receiver({ slack: { tokenFile: 't', channel: 'C0', url: 'slack.com' } }),
    'receivers.0.slack.url: must be an https or http URL, without a password',
  ],
  [
    receiver({ slack: { token: 'xoxb-secret', channel: 'C0123', tokenFile: 't' } }),
    'receivers.0.slack: token is a secret: it must stand in a file, which tokenFile names',
  ],
  [
    receiver({ pagerDuty: { routingKey: 'R0ABCDEF', routingKeyFile: 'k' } }),
    'receivers.0.pagerDuty: routingKey is a secret: it must stand in a file, which routingKeyFile names',
  ],
  [
    receiver({ slackWebhook: { urlFile: 'u', url: 'https://hooks.slack.com/services/secret' } }),
    'receivers.0.slackWebhook: url is a secret: it must stand in a file, which urlFile names',
  ],
  [
    receiver({ teams: { urlFile: 'https://prod.logic.azure.com/secret' } }),
    'receivers.0.teams.urlFile: must be the name of a file, in which the URL stands',
  ],
  [receiver({ pagerDuty: { routingKeyFile: '' } }), 'receivers.0.pagerDuty.routingKeyFile: must be the name of a file'],
  [
    receiver({ alertmanager: { url: 'ftp://alertmanager' } }),
    'receivers.0.alertmanager.url: must be an https or http URL, without a password',
  ],
  [
    receiver({ alertmanager: { url: 'https://a:b@alertmanager' } }),
    'receivers.0.alertmanager.url: must be an https or http URL, without a password',
  ],
  [
    receiver({ alertmanager: { url: 'http://alertmanager:9093' } }),
    'receivers.0.alertmanager.url: must be an https URL, or privateAddresses must say at which addresses it is',
  ],
  [receiver({ webhook: { urlFile: 'u' } }), 'receivers.0.webhook.secretFile: must be the name of a file'],
  [
    receiver({ webhook: { urlFile: 'u', secretFile: 's', signatureHeader: 'Authorization' } }),
    'receivers.0.webhook.signatureHeader: must be a header of its own',
  ],
  [
    receiver({ webhook: { urlFile: 'u', secretFile: 's', timestampHeader: 'x y' } }),
    'receivers.0.webhook.timestampHeader: must be the name of a header',
  ],
  [
    receiver({ sns: { topicArn: 'alerts' } }),
    'receivers.0.sns.topicArn: must be the ARN of a topic, arn:aws:sns:REGION:ACCOUNT:NAME',
  ],
  [
    receiver({ slack: TEAM.slack, privateAddresses: ['10.0.0.1'] }),
    'receivers.0.privateAddresses.0: must be a range of addresses such as 10.0.0.0/8',
  ],
  [
    receiver({ slack: TEAM.slack, rate: { perSecond: 0, burst: 1 } }),
    'receivers.0.rate.perSecond: must be a number of requests in a second, from 0.01 to 1000',
  ],
  [
    receiver({ slack: TEAM.slack, rate: { perSecond: 1 } }),
    'receivers.0.rate.burst: must be a number of requests at once, from 1 to 1000',
  ],
  [config({ rules: [] }), 'rules: must name at least one of the rules'],
  [config({ rules: Array(101).fill(RULE) }), 'rules: must not name more than 100'],
  [config({ rules: [RULE, RULE] }), 'rules.1.name: "failed" must not stand twice'],
  [rule({ name: undefined }), 'rules.0.name: must be a name'],
  [rule({ when: undefined }), 'rules.0.when: must be an object'],
  [rule({ receivers: ['team', 'ops'] }), 'rules.0.receivers.1: there is no receiver "ops"'],
  [rule({ receivers: [] }), 'rules.0.receivers: must name at least one of the receivers'],
  [rule({ receivers: 'team' }), 'rules.0.receivers: must be a list of receivers'],
  [rule({ quietHours: 'nights' }), 'rules.0.quietHours: there are no quiet hours "nights"'],
  [rule({ quietHours: 'constructor' }), 'rules.0.quietHours: there are no quiet hours "constructor"'],
  [rule({ severity: 'high' }), 'rules.0.severity: must be one of critical, error, warning, info'],
  [rule({ once: 'per-day' }), 'rules.0.once: must be one of per-run, per-change, per-scan'],
  [rule({ onlyNew: 'yes' }), 'rules.0.onlyNew: must be true or false'],
  [rule({ group: { by: 'cluster' } }), 'rules.0.group.by: must be namespace'],
  [rule({ group: {} }), 'rules.0.group.by: must be namespace'],
  [
    rule({ group: { by: 'namespace', wait: 60 } }),
    'rules.0.group.wait: must be a duration from 1s to 1h, such as 90s, 5m or 2h',
  ],
  [
    rule({ group: { by: 'namespace', wait: '2h' } }),
    'rules.0.group.wait: must be a duration from 1s to 1h, such as 90s, 5m or 2h',
  ],
  [
    rule({ group: { by: 'namespace', every: '5 minutes' } }),
    'rules.0.group.every: must be a duration from 1s to 24h, such as 90s, 5m or 2h',
  ],
  [
    rule({ title: '{{scan.nmae}} failed' }),
    'rules.0.title: {{scan.nmae}}: there is no such name; scan has kind, namespace, name, uid',
  ],
  [rule({ text: '{{#resolved}}over' }), 'rules.0.text: Unclosed section "resolved" at 17'],
  [rule({ text: 'x'.repeat(4_097) }), 'rules.0.text: must not be longer than 4096 characters'],
  [rule({ text: 1 }), 'rules.0.text: must be a text'],
  [
    rule({ mute: true }),
    'rules.0: there is no "mute" here; there are name, when, severity, once, onlyNew, group, quietHours, receivers, title, text',
  ],
  [when({ condition: 'Ready' }), 'rules.0.when.condition: must be one of Scanning, Succeeded, PolicySucceeded'],
  [when({ to: undefined }), 'rules.0.when.to: must be True, False, Unknown, or a list of them'],
  [when({ to: 'Failed' }), 'rules.0.when.to: must be True, False, Unknown, or a list of them'],
  [when({ to: [] }), 'rules.0.when.to: must name at least one of the statuses'],
  [when({ from: ['True', 'no'] }), 'rules.0.when.from.1: must be True, False, Unknown, or a list of them'],
  [when({ kinds: ['image'] }), 'rules.0.when.kinds.0: must be a kind such as ImageScan'],
  [
    when({ namespaces: ['team-[ab]'] }),
    'rules.0.when.namespaces.0: must be the name of a namespace, or a pattern of names such as team-*',
  ],
  [when({ namespaces: 'team-*' }), 'rules.0.when.namespaces: must be a list of namespaces'],
  [when({ labels: { 'a b': 'c' } }), 'rules.0.when.labels.a b: must be the name of a label'],
  [
    when({ labels: { gold: true } }),
    'rules.0.when.labels.gold: must be the value of a label, in quotes where YAML takes it for something else',
  ],
  [when({ severity: 'high' }), 'rules.0.when.severity: must be one of CRITICAL, HIGH, MEDIUM, LOW, UNKNOWN'],
  [when({ count: 0 }), 'rules.0.when.count: must be a whole number from 1 to 100000'],
  [
    when({ condition: 'Succeeded', severity: 'HIGH' }),
    'rules.0.when.severity: is only for PolicySucceeded, which tells of vulnerabilities',
  ],
  [
    when({ condition: 'Succeeded', count: 2 }),
    'rules.0.when.count: is only for PolicySucceeded, which tells of vulnerabilities',
  ],
  [
    rule({ when: { condition: 'Succeeded', to: 'False' }, onlyNew: true }),
    'rules.0.onlyNew: is only for PolicySucceeded, which tells of vulnerabilities',
  ],
  [config({ quietHours: [NIGHTS] }), 'quietHours: must be names and their hours'],
  [config({ quietHours: { 'At Night': NIGHTS } }), 'quietHours.At Night: must be a name: a-z, 0-9 and -'],
  [hours({ from: '24:00' }), 'quietHours.nights.from: must be a time such as "22:00"'],
  [hours({ from: 22 }), 'quietHours.nights.from: must be a time such as "22:00"'],
  [hours({ to: '7:00' }), 'quietHours.nights.to: must be a time such as "07:00", or "24:00"'],
  [hours({ to: '22:00' }), 'quietHours.nights.to: must not be the same as from; "24:00" ends a whole day'],
  [hours({ from: '00:00', to: '24:00' }), 'quietHours.nights: would never end: name the days, or other hours'],
  [
    hours({ timeZone: 'Europe/Berlim' }),
    'quietHours.nights.timeZone: must be a time zone such as Europe/Berlin or UTC',
  ],
  [hours({ timeZone: '+02:00' }), 'quietHours.nights.timeZone: must be a time zone such as Europe/Berlin or UTC'],
  [hours({ timeZone: undefined }), 'quietHours.nights.timeZone: must be a time zone such as Europe/Berlin or UTC'],
  [hours({ days: ['monday'] }), 'quietHours.nights.days.0: must be one of sun, mon, tue, wed, thu, fri, sat'],
  [hours({ except: ['high'] }), 'quietHours.nights.except.0: must be one of critical, error, warning, info'],
  [config({ state: {} }), 'state: must say one of memory, file, configMaps, dynamoDb'],
  [config({ state: { memory: {}, file: 'f' } }), 'state: must not say memory and file at once'],
  [config({ state: { redis: {} } }), 'state: there is no "redis" here; there are memory, file, configMaps, dynamoDb'],
  [config({ state: { memory: { size: 1 } } }), 'state.memory: there is no "size" here; there are none'],
  [config({ state: { configMaps: {} } }), 'state.configMaps.namespace: must be the name of a namespace'],
  [config({ state: { dynamoDb: { table: '/' } } }), 'state.dynamoDb.table: must be the name or ARN of a table'],
  [
    config({ 'line\nbreak': 1 }),
    'the file: there is no "line break" here; there are receivers, rules, quietHours, state, replays',
  ],
  [config({ replays: 'loud' }), 'replays: must be one of quiet, alert'],
  [`# ${'x'.repeat(262_144)}`, 'must not be larger than 262144 bytes'],
];

describe('ALERTS_CONFIG', () => {
  it('may be what the sample shows', async () => {
    const { receivers, rules, state, replays } = await alertsConfigIn(SAMPLE);
    expect(receivers.map(({ name }) => name)).toEqual([
      'on-call',
      'team',
      'announcements',
      'managers',
      'alertmanager',
      'ticket-system',
      'chat',
    ]);
    expect(rules.map(({ title: _, text: __, ...told }) => told)).toEqual([
      {
        name: 'critical-in-shops',
        when: {
          condition: 'PolicySucceeded',
          to: ['False'],
          namespaces: ['shop', 'shop-*'],
          labels: { tier: 'gold' },
          severity: 'CRITICAL',
        },
        severity: 'critical',
        once: 'per-change',
        onlyNew: true,
        receivers: ['on-call', 'team'],
      },
      {
        name: 'policy-failed',
        when: { condition: 'PolicySucceeded', to: ['False'] },
        severity: 'error',
        once: 'per-change',
        onlyNew: false,
        group: { by: 'namespace', wait: 60_000, every: 300_000 },
        quiet: { from: 1_320, to: 420, timeZone: 'Europe/Berlin', days: [0, 1, 2, 3, 4], except: ['critical'] },
        receivers: ['team', 'managers', 'alertmanager', 'ticket-system', 'chat'],
      },
      {
        name: 'broken',
        when: { condition: 'Succeeded', to: ['False'], kinds: ['ImageScan', 'SourceScan'] },
        severity: 'warning',
        once: 'per-run',
        onlyNew: false,
        receivers: ['team'],
      },
    ]);
    expect(rules.map(({ title }) => title(aView({ resolved: true })))).toEqual([
      'Policy failure is over',
      'Policy failure is over',
      'cart is scanned again',
    ]);
    expect([state, replays]).toEqual([{ configMaps: { namespace: 'scan-status-alerts' } }, 'quiet']);
  });

  it('may be what the docs show', () => {
    const [, shown = ''] = /```yaml\n(.*?)```/s.exec(readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8')) ?? [];
    const { receivers, rules } = readAlertsConfig(shown);
    expect(receivers.map(({ name }) => name)).toEqual(['on-call', 'team']);
    expect(rules.map(({ name, severity, receivers: told }) => [name, severity, told])).toEqual([
      ['critical-in-shops', 'critical', ['on-call', 'team']],
      ['policy-failed', 'error', ['team']],
    ]);
    expect(rules[1]).toMatchObject({ group: { wait: 60_000, every: 300_000 }, quiet: { timeZone: 'Europe/Berlin' } });
  });

  it('names files as seen from its own folder', async () => {
    const file = join(folder, 'alerts.yaml');
    writeFileSync(
      file,
      JSON.stringify({
        receivers: [TEAM, { name: 'hook', webhook: { urlFile: '/run/url', secretFile: 's' }, caFile: 'ca.pem' }],
        state: { file: 'told.db' },
      }),
    );
    const { receivers, state } = await alertsConfigIn(file);
    expect(receivers.map(({ slack, webhook, caFile }) => [slack?.tokenFile, webhook, caFile])).toEqual([
      [join(folder, 'token'), undefined, undefined],
      [undefined, { urlFile: '/run/url', secretFile: join(folder, 's') }, join(folder, 'ca.pem')],
    ]);
    expect(state).toEqual({ file: join(folder, 'told.db') });
  });

  it('must be there', async () => {
    expect(await errorOf(alertsConfigIn(join(folder, 'nowhere')))).toEqual(new WrongAlertsConfig('cannot be read'));
  });

  it('tells all receivers by the default rules where it says none, and of no replay', () => {
    const { rules, state, replays } = readAlertsConfig(config());
    expect(rules.map(({ name, receivers }) => [name, receivers])).toEqual([
      ['policy-failed', ['team']],
      ['scan-failed', ['team']],
      ['policy-error', ['team']],
    ]);
    expect([state, replays]).toEqual([undefined, 'quiet']);
  });

  it('tells all receivers by a rule that names none', () => {
    expect(only(rule({}))).toMatchObject({
      severity: 'error',
      once: 'per-change',
      onlyNew: false,
      receivers: ['team'],
    });
  });

  it('may say a status as one word, as several, or as YAML has it without quotes', () => {
    const to = (text: string) =>
      only(`receivers: [${JSON.stringify(TEAM)}]\nrules: [{name: a, when: {condition: Succeeded, to: ${text}}}]`)?.when
        .to;
    expect(to('"False"')).toEqual(['False']);
    expect(to('False')).toEqual(['False']);
    expect(to('[False, Unknown]')).toEqual(['False', 'Unknown']);
    expect(to('true')).toEqual(['True']);
  });

  it('has times of groups and nights in words of people', () => {
    expect(only(rule({ group: { by: 'namespace' } }))?.group).toMatchObject({ wait: 60_000, every: 300_000 });
    expect(only(rule({ group: { by: 'namespace', wait: '1s', every: '2h' } }))?.group).toMatchObject({
      wait: 1_000,
      every: 7_200_000,
    });
    const weekend = { from: '00:00', to: '24:00', timeZone: 'UTC', days: ['sat', 'sun'] };
    const named = config({ rules: [{ ...RULE, quietHours: 'weekend' }], quietHours: { weekend } });
    expect(only(named)?.quiet).toEqual({ from: 0, to: 1_440, timeZone: 'UTC', days: [6, 0], except: [] });
  });

  it.each(MISTAKES.map(([text, problem]) => [problem, text] as const))('is told its mistake: %s', (problem, text) => {
    expect(problemOf(text)).toBe(problem);
  });

  it('is read or refused in one line, whatever somebody puts anywhere into it', () => {
    const whole = load(readFileSync(SAMPLE, 'utf8'));
    const anywhere = fc.nat().chain((at) => fc.tuple(fc.constant(at), fc.jsonValue({ maxDepth: 2 })));
    fc.assert(
      fc.property(fc.array(anywhere, { minLength: 1, maxLength: 3 }), (changes) => {
        const copy: Holder = structuredClone({ whole });
        for (const [at, value] of changes) {
          const places = placesIn(copy);
          const [holder, key] = places[at % places.length] ?? [copy, 'whole'];
          holder[key] = value;
        }
        expect(problemOf(JSON.stringify(copy.whole) ?? '')).toMatch(/^[^\n]+$/);
      }),
      { numRuns: 500 },
    );
  });

  it('repeats no secret that stands where none may', () => {
    const text = readFileSync(SAMPLE, 'utf8').replace('routingKeyFile: secrets/pagerduty-key', 'routingKey: R0SECRET');
    expect(problemOf(text)).not.toContain('SECRET');
  });
});
