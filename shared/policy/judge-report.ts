/** `package scan`: finds the violations in the normalised report, which is alike whatever the format was. */
import { isJsonObject } from '../conditions/status.ts';
import { growingBytes } from './growing-bytes.ts';
import { type Judge, type Subject, wrongAnswer } from './judge.ts';
import { PolicyFailure } from './policy-failure.ts';
import { release } from './release.ts';

export const SCAN = 'scan/violations';

/** Bytes. A vulnerability of many components is written once for each, with all that is told of it. */
const MOST_INPUT = 256 * 2 ** 20;

/** Findings: few enough for one string, and enough that the call is worth it. */
const AT_ONCE = 100;

/** `{…, "vulnerabilities": […]}`, written piece by piece: as one string it could be longer than there may be. */
const inputOf = ({ report: { findings, violations: _, ...told }, scan }: Subject): Uint8Array => {
  const input = growingBytes();
  input.add(JSON.stringify({ ...told, ...(scan && { scan }) }).slice(0, -1));
  let before = ',"vulnerabilities":[';
  for (let at = 0; at < findings.length; at += AT_ONCE) {
    input.add(before);
    input.add(JSON.stringify(findings.slice(at, at + AT_ONCE)).slice(1, -1));
    before = ',';
    if (input.length() > MOST_INPUT)
      throw new PolicyFailure(`the report has more than ${MOST_INPUT / 2 ** 20} MiB, each finding written out`);
  }
  input.add(findings.length === 0 ? `${before}]}` : ']}');
  return input.take();
};

const isViolation = (value: unknown): value is { readonly id: string } =>
  isJsonObject(value) && typeof value.id === 'string' && value.id !== '';

export const wholeReport: Judge = (ask, subject) => {
  release(subject.json);
  const answer = ask(inputOf(subject));
  if (!Array.isArray(answer)) throw wrongAnswer(SCAN, 'a set of objects', answer);
  const wrong = answer.findIndex((violation) => !isViolation(violation));
  if (wrong >= 0) throw wrongAnswer(SCAN, 'a set of objects that have an id', answer[wrong]);
  return { violations: answer.filter(isViolation).map(({ id }) => id), nameless: [] };
};
