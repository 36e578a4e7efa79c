/** What a credential may be allowed, as AUTH_CONFIG says it: what that does not say is not allowed. */
import * as z from 'zod';
import { INCOMING_TYPES } from '../events/types.ts';
import { label, only } from '../settings/fields.ts';
import { anyOf } from './auth-fields.ts';

const WHERE = ['functions', 'types', 'namespaces'] as const;

export const allows = only({
  functions: anyOf(label('the name of a function'), 'functions').exactOptional(),
  types: anyOf(
    z.enum(INCOMING_TYPES, { error: `must be one of ${INCOMING_TYPES.join(', ')}` }),
    'types of events',
  ).exactOptional(),
  namespaces: anyOf(label('the name of a namespace'), 'namespaces').exactOptional(),
  /** Whether its events may carry `scanreplay`. */
  replays: z.boolean({ error: 'must be true or false' }).default(false),
  /** Whether it may read `GET /api/scans`. */
  reads: z.boolean({ error: 'must be true or false' }).default(false),
})
  .superRefine((allowed, context) => {
    const missing = WHERE.filter((name) => allowed[name] === undefined);
    if (missing.length === 0 || (missing.length === WHERE.length && allowed.reads && !allowed.replays)) return;
    context.addIssue({ code: 'custom', message: `must say ${missing.join(', ')}: "*" for all, or a list` });
  })
  .transform(({ functions = [], types = [], namespaces = [], replays, reads }) => ({
    functions,
    types,
    namespaces,
    replays,
    reads,
  }));
