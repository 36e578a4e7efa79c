/** The store cannot answer now; the same event sent again later may succeed. */
export class Unavailable extends Error {
  /** Seconds after which to try again. */
  readonly retryAfter: number;

  constructor(problem: string, options: ErrorOptions & { readonly retryAfter?: number } = {}) {
    super(problem, options);
    this.name = 'Unavailable';
    this.retryAfter = options.retryAfter ?? 5;
  }
}

/** Our own code failed on the event. It is kept by its sender until that is mended. */
export class Mistake extends Unavailable {
  constructor(where: string, cause: unknown) {
    super(`${where} failed`, { cause });
    this.name = 'Mistake';
  }
}

/** Somebody else wrote the scan between our read and our write. */
export class Conflict extends Error {
  constructor(options?: ErrorOptions) {
    super('the scan has changed since it was read', options);
    this.name = 'Conflict';
  }
}

/** Nobody answered our write: it may have taken effect or not. To read again tells, so it is met like a conflict. */
export class Unanswered extends Conflict {}
