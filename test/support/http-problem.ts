/** What every refusal must be, whatever it refuses. */
import { expect } from '@jest/globals';
import type { Answer } from './http-client.ts';

interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly id?: string;
  readonly field?: string;
  readonly events?: readonly { readonly id?: string; readonly field?: string }[];
}

/** Expects one line of ASCII in `application/problem+json` with this status, and gives what it says. */
export const problemIn = (answer: Answer, status: number): Problem => {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.body).toMatch(/^[\x20-\x7e]+$/);
  const problem: Problem = JSON.parse(answer.body);
  expect(problem.status).toBe(status);
  return problem;
};
