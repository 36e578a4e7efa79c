/** What a policy said of a run's report, as `evaluate-policy` tells it. */
import * as z from 'zod';
import { cutWorst, type Fact, type Verdict, verdictTexts } from '../conditions/facts.ts';
import { reportFields } from '../conditions/status.ts';
import { cleanText, cutText } from '../conditions/text.ts';
import type { Event } from './event.ts';
import { generation, instant, objectName, scanRef, uid } from './fields.ts';
import { Rejected, rejectedBySchema } from './rejected.ts';
import { believed, type Scope } from './scope.ts';

const text = z.string({ error: 'must be a string' });

export const policyEvaluatedData = z
  .object({
    scan: scanRef,
    run: z.object({ uid }, { error: 'must be an object' }),
    policy: z.object(
      {
        name: objectName,
        digest: text.regex(/^[\w.:+/=-]{1,256}$/, 'must be a digest, such as sha256:…'),
        generation: generation.exactOptional(),
      },
      { error: 'must be an object' },
    ),
    evaluatedAt: instant,
    verdict: z.enum(['passed', 'failed', 'error'], { error: 'must be passed, failed or error' }),
    violations: z.array(text, { error: 'must be an array of IDs' }),
    worst: reportFields.worst.exactOptional(),
    cveCount: reportFields.cveCount.exactOptional(),
    scanner: reportFields.scanner.exactOptional(),
    warnings: z.array(text).exactOptional(),
    error: text.exactOptional(),
  })
  .meta({ title: 'A policy-evaluated event' });

type PolicyEvaluatedData = z.infer<typeof policyEvaluatedData>;

/** The bytes that a run keeps of one field of a report: a scanner's name, a component. */
const FIELD_BYTES = 384;

const cleanFields = <T extends object>(fields: T): T =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, cutText(cleanText(String(value)), FIELD_BYTES)]),
  ) as T;

const verdictOf = (data: PolicyEvaluatedData, at: Verdict['at']): Verdict => ({
  at,
  policy: data.policy,
  verdict: data.verdict,
  ...verdictTexts(data.verdict, data.violations, data.error),
  ...(data.cveCount && { cveCount: data.cveCount }),
  ...(data.scanner && { scanner: cleanFields(data.scanner) }),
  ...(data.worst && { worst: cutWorst(data.worst.map(cleanFields)) }),
});

/** The fact that a policy was evaluated over a run's report. Throws `Rejected`. */
export const evaluatedFact = (event: Event, scope: Scope): Fact => {
  const parsed = policyEvaluatedData.safeParse(event.data);
  if (!parsed.success) throw rejectedBySchema('data', parsed.error);
  const { scan, run, evaluatedAt, verdict, violations } = parsed.data;
  if (verdict === 'passed' && violations.length > 0)
    throw new Rejected('data.violations', 'contradicts the verdict passed');
  const at = believed('data.evaluatedAt', evaluatedAt, scope);
  return { scan, type: 'evaluated', run: { uid: run.uid, age: at, verdict: verdictOf(parsed.data, at) } };
};
