/** How a policy is asked about a report, and what it objects to. */
import type { JsonObject } from '../conditions/status.ts';
import { PolicyFailure } from './policy-failure.ts';
import type { Report } from './reports/report.ts';

/** A report as a policy may be asked about it. */
export interface Subject {
  readonly report: Report;
  /** The whole report in JSON: as it came, or what XML became. */
  readonly json: Uint8Array;
  /** The scan, where it is known. */
  readonly scan?: JsonObject;
}

/** What a policy objects to. */
export interface Judgement {
  /** The IDs that violate it, as often and in the order as it said. */
  readonly violations: readonly string[];
  /** Objections that name no vulnerability of the report. */
  readonly nameless: readonly string[];
}

/** Asks a policy about an input, JSON in pieces, and gives its answer. Throws `PolicyFailure`. */
export type Ask = (...input: readonly Uint8Array[]) => unknown;

/** Takes the JSON over: it may be empty afterwards. Throws `PolicyFailure` where the answer is not one that its contract knows. */
export type Judge = (ask: Ask, subject: Subject) => Judgement;

export const objects = ({ violations, nameless }: Judgement): boolean => violations.length + nameless.length > 0;

const SHOWN = 80;
const shown = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
};

/** The policy answers nothing, or something else than its contract says. */
export const wrongAnswer = (entrypoint: string, expected: string, answer: unknown): PolicyFailure =>
  new PolicyFailure(
    answer === undefined
      ? `${entrypoint} is undefined for this report: it must be ${expected}`
      : `${entrypoint} must be ${expected}, and is ${shown(answer)}`,
  );
