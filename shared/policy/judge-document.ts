/** `package main`: denies the whole report, in messages for people. The IDs are those that the messages name. */
import { type Judge, type Judgement, wrongAnswer } from './judge.ts';
import { namedIds } from './named-ids.ts';
import type { Report } from './reports/report.ts';

export const MAIN = 'main/deny';

const judgeMessages = (answer: unknown, { findings }: Report): Judgement => {
  if (!Array.isArray(answer) || !answer.every((message) => typeof message === 'string'))
    throw wrongAnswer(MAIN, 'a set of strings', answer);
  const named = namedIds(new Set(findings.map(({ id }) => id)));
  const violations: string[] = [];
  const nameless: string[] = [];
  for (const message of answer) {
    const ids = named(message);
    if (ids.length === 0) nameless.push(message);
    for (const id of ids) violations.push(id);
  }
  return { violations, nameless };
};

const encoder = new TextEncoder();
const OPENING = encoder.encode('{"bom":');
const CLOSING = encoder.encode('}');

/** The report as `input.bom`, although it is not called so in the report itself. */
export const underBom: Judge = (ask, { report, json }) => judgeMessages(ask(OPENING, json, CLOSING), report);

/** The report as `input`. XML has its root element there, `bom`. */
export const wholeDocument: Judge = (ask, { report, json }) => judgeMessages(ask(json), report);
