/** The three contracts: what a policy is asked, and what its answers mean. */
import { describe, expect, it } from '@jest/globals';
import { contractOf, ENTRYPOINTS } from '../../shared/policy/contracts.ts';
import type { Judge, Subject } from '../../shared/policy/judge.ts';
import { PolicyFailure } from '../../shared/policy/policy-failure.ts';
import type { Finding } from '../../shared/policy/reports/report.ts';
import { readSubject } from '../../shared/policy/subject.ts';
import { cyclonedx, evaluationOf, MEBIBYTE, policyNamed, TWO } from '../support/policies.ts';

const subjectOf = (report: string | Uint8Array): Subject =>
  readSubject(Uint8Array.from(Buffer.from(report)), 64 * MEBIBYTE);
const judges = (entrypoint: string, { report }: Subject): readonly [Judge, ...Judge[]] =>
  contractOf([entrypoint]).judges(report.format);

/** What a policy is asked that always gives this answer. */
const askedBy = (judge: Judge, subject: Subject, answer: unknown): readonly unknown[] => {
  const asked: unknown[] = [];
  judge((...input) => {
    asked.push(JSON.parse(Buffer.concat(input).toString()));
    return answer;
  }, subject);
  return asked;
};

describe('the contract', () => {
  it.each(ENTRYPOINTS)('%s is known by its entrypoint, whatever others there are', (entrypoint) => {
    expect(contractOf(['app/allow', entrypoint, 'main/warn']).entrypoint).toBe(entrypoint);
  });

  it.each<[string, readonly string[], string]>([
    ['no entrypoint', [], 'none'],
    ['others alone', ['app/deny', 'app/allow'], 'app/allow, app/deny'],
    ['one that is only like it', ['main/deny/x', 'policies/iscompliant'], 'main/deny/x, policies/iscompliant'],
    ['names that a terminal would obey', ['a\u001b[2J/b'], 'a?[2J/b'],
    [
      'very many',
      Array.from({ length: 900 }, (_, at) => `app/rule${100 + at}`),
      'app/rule100, app/rule101, app/rule102, app/rule103, app/rule104, app/rule105, app/rule106, app/rule107, app/rule108, app/rule109 and 890 more',
    ],
  ])('is none of %s, which are listed', (_, entrypoints, listed) => {
    expect(() => contractOf(entrypoints)).toThrow(
      new PolicyFailure(
        `the policy's entrypoints must be one of policies/isCompliant, main/deny, scan/violations, and are ${listed}`,
      ),
    );
  });

  it('is none where there are several', () => {
    expect(() => contractOf(['scan/violations', 'main/deny'])).toThrow(
      "the policy's entrypoints must be one of policies/isCompliant, main/deny, scan/violations alone, and are main/deny, scan/violations",
    );
  });

  it('is told by the module itself where there is no manifest', async () => {
    const { entrypoints, ...bare } = await policyNamed('each-vulnerability');
    expect(entrypoints).toEqual(['policies/isCompliant']);
    expect(evaluationOf(bare, cyclonedx(TWO))).toMatchObject({ verdict: 'failed', violations: ['CVE-2024-1'] });
    const { entrypoints: _, ...other } = await policyNamed('echo');
    expect(evaluationOf(other, cyclonedx(TWO)).error).toMatch(/, and are echo\/given, echo\/members, /);
  });

  it('is not kept by a module that has not what its manifest says', async () => {
    const policy = { ...(await policyNamed('echo')), entrypoints: ['main/deny'] };
    expect(evaluationOf(policy, cyclonedx(TWO)).error).toBe(
      'the policy ended with an error: entrypoint main/deny is not valid in this instance',
    );
  });
});

describe('policies/isCompliant', () => {
  const spdx = (...ratings: readonly (string | undefined)[]): Finding['ratings'] =>
    ratings.map((severity) => (severity === undefined ? {} : { severity }));
  const subject = (...findings: readonly Finding[]): Subject => {
    const read = subjectOf(cyclonedx([]));
    return { ...read, report: { ...read.report, findings } };
  };
  const asked = (...findings: readonly Finding[]) => {
    const about = subject(...findings);
    return askedBy(judges('policies/isCompliant', about)[0], about, true);
  };

  it('is asked about each finding on its own, under capitalised names', () => {
    const whole: Finding = {
      id: 'CVE-2024-1',
      severity: 'HIGH',
      ratings: [{ severity: 'important', score: 8.1, method: 'CVSSv31', vector: 'AV:N', source: 'NVD' }],
      component: 'openssl',
      version: '3.0.1',
      fixedIn: '3.0.2',
      description: 'bad',
    };
    expect(asked(whole, { id: 'CVE-2024-2', severity: 'UNKNOWN', ratings: [] })).toEqual([
      {
        currentVulnerability: {
          Id: 'CVE-2024-1',
          Severity: 'High',
          Ratings: { Rating: [{ Severity: 'High', Score: { Base: 8.1 }, Method: 'CVSSv31', Vector: 'AV:N' }] },
          Component: 'openssl',
          Version: '3.0.1',
          FixedIn: '3.0.2',
          Description: 'bad',
        },
      },
      {
        currentVulnerability: {
          Id: 'CVE-2024-2',
          Severity: 'UnknownSeverity',
          Ratings: { Rating: [] },
          Component: '',
          Version: '',
          FixedIn: '',
          Description: '',
        },
      },
    ]);
  });

  it.each([
    ['critical', 'Critical'],
    ['HIGH', 'High'],
    ['Moderate', 'Medium'],
    ['low', 'Low'],
    ['Negligible', 'Negligible'],
    ['none', 'Negligible'],
    ['info', 'Negligible'],
    ['Informational', 'Negligible'],
    ['UnknownSeverity', 'UnknownSeverity'],
    ['unheard of', 'UnknownSeverity'],
    [undefined, 'UnknownSeverity'],
  ])('is told of a rating %s as %s, in a list of one', (word, severity) => {
    expect(asked({ id: 'CVE-1', severity: 'LOW', ratings: spdx(word) })).toMatchObject([
      { currentVulnerability: { Ratings: { Rating: [{ Severity: severity }] } } },
    ]);
  });

  it('is told of all ratings, in their order', () => {
    const [one] = asked({ id: 'CVE-1', severity: 'HIGH', ratings: spdx('low', 'high', 'low') });
    expect(one).toMatchObject({
      currentVulnerability: { Ratings: { Rating: [{ Severity: 'Low' }, { Severity: 'High' }, { Severity: 'Low' }] } },
    });
  });

  it('is violated by what is not compliant, in any format', async () => {
    const policy = await policyNamed('each-vulnerability');
    const told = [
      ...TWO,
      { id: 'CVE-2021-1', severities: ['critical'] },
      { id: 'CVE-2024-3', severities: ['low', 'high'] },
    ];
    expect(evaluationOf(policy, cyclonedx(told))).toMatchObject({
      verdict: 'failed',
      violations: ['CVE-2024-1', 'CVE-2024-3'],
    });
    const trivy = { Results: [{ Target: 'a', Vulnerabilities: [{ VulnerabilityID: 'CVE-9', Severity: 'HIGH' }] }] };
    expect(evaluationOf(policy, JSON.stringify({ SchemaVersion: 2, ...trivy }))).toMatchObject({
      violations: ['CVE-9'],
    });
    expect(evaluationOf(policy, cyclonedx([]))).toMatchObject({ verdict: 'passed', violations: [] });
  });

  it.each([
    ['unheard of', 'is undefined for this report: it must be true or false'],
    ['a number', 'must be true or false, and is 1'],
    ['a text', 'must be true or false, and is "true"'],
    ['null', 'must be true or false, and is null'],
    ['a set', 'must be true or false, and is [true]'],
    ['an object', 'must be true or false, and is {"allow":true}'],
  ])('must not answer %s', async (id, problem) => {
    const report = cyclonedx([{ id: 'true' }, { id: 'false' }, { id }]);
    expect(evaluationOf(await policyNamed('answers-policies'), report)).toEqual({
      verdict: 'error',
      violations: [],
      cveCount: { CRITICAL: 0, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 3, CVETOTAL: 3 },
      error: `policies/isCompliant ${problem}`,
    });
  });
});

const XML = `<?xml version="1.0"?>
<c:bom xmlns:c="http://cyclonedx.org/schema/bom/1.5" version="1">
  <c:vulnerabilities>
    <c:vulnerability bom-ref="7"><c:id>CVE-2024-1</c:id>
      <c:ratings><c:rating><c:score>9.8</c:score><c:severity>critical</c:severity></c:rating></c:ratings>
    </c:vulnerability>
    <c:vulnerability><c:id>CVE-2024-2</c:id></c:vulnerability>
  </c:vulnerabilities>
</c:bom>`;

describe('main/deny', () => {
  it('is shown CycloneDX JSON under bom, or as it is', () => {
    const asked = [0, 1].map((way) => {
      const subject = subjectOf(cyclonedx(TWO));
      return askedBy(judges('main/deny', subject)[way] as Judge, subject, [])[0];
    });
    const document = JSON.parse(Buffer.from(cyclonedx(TWO)).toString());
    expect(asked).toEqual([{ bom: document }, document]);
    expect(judges('main/deny', subjectOf(cyclonedx(TWO)))).toHaveLength(2);
  });

  it('is shown no byte order mark', () => {
    const subject = subjectOf(`\ufeff${Buffer.from(cyclonedx(TWO)).toString()}`);
    const [underBom, asItIs] = [0, 1].map((way) => askedBy(judges('main/deny', subject)[way] as Judge, subject, [])[0]);
    expect(underBom).toEqual({ bom: asItIs });
  });

  it('is shown XML as JSON, in one way', () => {
    const subject = subjectOf(XML);
    const [judge, ...others] = judges('main/deny', subject);
    expect(others).toEqual([]);
    expect(askedBy(judge, subject, [])).toEqual([
      {
        bom: {
          '-c': 'http://cyclonedx.org/schema/bom/1.5',
          '-version': '1',
          vulnerabilities: {
            vulnerability: [
              { '-bom-ref': '7', id: 'CVE-2024-1', ratings: { rating: { score: '9.8', severity: 'critical' } } },
              { id: 'CVE-2024-2' },
            ],
          },
        },
      },
    ]);
  });

  it('is violated by the vulnerabilities of the report that its messages name', async () => {
    const policy = await policyNamed('severe-messages');
    const failed = { verdict: 'failed', violations: ['CVE-2024-1'] };
    expect(evaluationOf(policy, cyclonedx(TWO))).toMatchObject(failed);
    expect(evaluationOf(policy, XML)).toMatchObject(failed);
    expect(evaluationOf(await policyNamed('root-messages'), cyclonedx(TWO))).toMatchObject(failed);
  });

  it('names each once, sorted', async () => {
    const report = cyclonedx([{ id: 'CVE-2024-2' }, { id: 'CVE-2024-1' }, { id: 'CVE-2024-22' }], 'a list');
    expect(evaluationOf(await policyNamed('answers-main'), report)).toMatchObject({
      verdict: 'failed',
      violations: ['CVE-2024-1', 'CVE-2024-2'],
    });
  });

  it.each<[string, readonly string[]]>([
    ['nameless', ['it is too large', 'it is too old']],
    ['empty', ['it says nothing']],
    ['a terminal', ['[2Jred   bell']],
  ])('fails by messages that name none: %s', async (artifact, messages) => {
    const { verdict, violations, warnings } = evaluationOf(await policyNamed('answers-main'), cyclonedx(TWO, artifact));
    expect([verdict, violations]).toEqual(['failed', []]);
    expect(warnings).toEqual(messages.map((message) => `the policy denied without naming a vulnerability: ${message}`));
  });

  it('fails by very many such messages, and shows some', async () => {
    const { warnings } = evaluationOf(await policyNamed('answers-main'), cyclonedx(TWO, 'many nameless'));
    expect(warnings).toEqual([
      ...[10, 11, 12].map((at) => `the policy denied without naming a vulnerability: problem ${at}`),
      'and 87 more such messages',
    ]);
  });

  it.each([
    ['unheard of', 'is undefined for this report: it must be a set of strings'],
    ['a number', 'must be a set of strings, and is 7'],
    ['a text', 'must be a set of strings, and is "CVE-2024-1"'],
    ['false', 'must be a set of strings, and is false'],
    ['an object', 'must be a set of strings, and is {"CVE-2024-1":true}'],
    ['numbers', 'must be a set of strings, and is [1,2]'],
    ['objects', 'must be a set of strings, and is [{"msg":"CVE-2024-1"}]'],
    ['one number', 'must be a set of strings, and is [7,"CVE-2024-1"]'],
    ['null', 'must be a set of strings, and is [null]'],
  ])('must not answer %s', async (artifact, problem) => {
    expect(evaluationOf(await policyNamed('answers-main'), cyclonedx(TWO, artifact))).toMatchObject({
      verdict: 'error',
      violations: [],
      cveCount: { CRITICAL: 1, LOW: 1, CVETOTAL: 2 },
      error: `main/deny ${problem}`,
    });
  });
});

describe('scan/violations', () => {
  it('is asked about the normalised report, alike in any format, and about the scan', () => {
    const scan = { kind: 'ImageScan', namespace: 'team', name: 'shop' };
    const asked = (report: string | Uint8Array) => {
      const subject = { ...subjectOf(report), scan };
      return askedBy(judges('scan/violations', subject)[0], subject, []);
    };
    const cveCount = { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 1, CVETOTAL: 2 };
    const unrated = { id: 'CVE-2024-2', severity: 'UNKNOWN', ratings: [] };
    expect(asked(XML)).toEqual([
      {
        format: 'cyclonedx-xml',
        cveCount,
        scan,
        vulnerabilities: [
          { id: 'CVE-2024-1', severity: 'CRITICAL', ratings: [{ severity: 'critical', score: 9.8 }] },
          unrated,
        ],
      },
    ]);
    expect(asked(cyclonedx([{ id: 'CVE-2024-1', severities: ['critical'] }, { id: 'CVE-2024-2' }], 'shop'))).toEqual([
      {
        format: 'cyclonedx-json',
        artifact: 'shop',
        cveCount,
        scan,
        vulnerabilities: [{ id: 'CVE-2024-1', severity: 'CRITICAL', ratings: [{ severity: 'critical' }] }, unrated],
      },
    ]);
  });

  it('is asked about an empty list, too', () => {
    const subject = subjectOf(cyclonedx([]));
    expect(askedBy(judges('scan/violations', subject)[0], subject, [])).toMatchObject([{ vulnerabilities: [] }]);
  });

  it('refuses what would be too long, each finding written out', () => {
    const affects = Array.from({ length: 3_000 }, (_, at) => ({ ref: `component-${at}` }));
    const vulnerability = { id: 'CVE-2024-1', description: 'x'.repeat(100_000), affects };
    const report = { bomFormat: 'CycloneDX', specVersion: '1.5', vulnerabilities: [vulnerability] };
    const subject = subjectOf(JSON.stringify(report));
    const judge = judges('scan/violations', subject)[0];
    expect(() => judge(() => [], subject)).toThrow('the report has more than 256 MiB, each finding written out');
  });

  it.each<[string, readonly string[]]>([
    ['a list', ['CVE-2024-1', 'CVE-2024-2']],
    ['others', ['CVE-1999-1']],
  ])('is violated by the IDs that it answers: %s', async (artifact, violations) => {
    expect(evaluationOf(await policyNamed('answers-scan'), cyclonedx(TWO, artifact))).toMatchObject({
      verdict: 'failed',
      violations,
    });
  });

  it('passes where it answers none', async () => {
    expect(evaluationOf(await policyNamed('answers-scan'), cyclonedx(TWO, 'none'))).toMatchObject({
      verdict: 'passed',
    });
  });

  it.each([
    ['unheard of', 'is undefined for this report: it must be a set of objects'],
    ['a number', 'must be a set of objects, and is 7'],
    ['a text', 'must be a set of objects, and is "CVE-2024-1"'],
    ['true', 'must be a set of objects, and is true'],
    ['an object', 'must be a set of objects, and is {"id":"CVE-2024-1"}'],
    ['numbers', 'must be a set of objects that have an id, and is 1'],
    ['texts', 'must be a set of objects that have an id, and is "CVE-2024-1"'],
    ['no id', 'must be a set of objects that have an id, and is {"severity":"HIGH"}'],
    ['an empty id', 'must be a set of objects that have an id, and is {"severity":"HIGH","id":""}'],
    ['a number for an id', 'must be a set of objects that have an id, and is {"id":7}'],
    ['null', 'must be a set of objects that have an id, and is null'],
    ['one without', 'must be a set of objects that have an id, and is {"msg":"an id is missing"}'],
  ])('must not answer %s', async (artifact, problem) => {
    expect(evaluationOf(await policyNamed('answers-scan'), cyclonedx(TWO, artifact))).toMatchObject({
      verdict: 'error',
      violations: [],
      error: `scan/violations ${problem}`,
    });
  });
});
