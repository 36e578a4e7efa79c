/** Why a policy has no verdict: what it asked for, or what became of it. */

/** The policy could not say whether it is met; the text is for the people who wrote it. */
export class PolicyFailure extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'PolicyFailure';
  }
}

/** The policy needs more memory than the `bytes` that it may have. */
export class OutOfMemory extends PolicyFailure {
  constructor(bytes: number, options?: ErrorOptions) {
    super(`the policy needs more than ${Math.floor(bytes / 2 ** 20)} MiB of memory`, options);
    this.name = 'OutOfMemory';
  }
}
