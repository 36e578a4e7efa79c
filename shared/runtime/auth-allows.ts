/** What a credential may be allowed, as AUTH_CONFIG says it: what that does not say is not allowed. */
import * as z from 'zod';
import {
  ALERTS_DUE,
  APISERVER_ADDED,
  APISERVER_DELETED,
  APISERVER_UPDATED,
  JOB_FINISHED,
  JOB_STARTED,
  KNATIVE_PING,
  POLICY_EVALUATED,
  REPORT_READY,
  STATUS_CHANGED,
} from '../events/types.ts';
import { label, only } from '../settings/fields.ts';
import { anyOf } from './auth-fields.ts';

const TYPES = [
  JOB_STARTED,
  JOB_FINISHED,
  REPORT_READY,
  POLICY_EVALUATED,
  STATUS_CHANGED,
  ALERTS_DUE,
  KNATIVE_PING,
  APISERVER_ADDED,
  APISERVER_UPDATED,
  APISERVER_DELETED,
] as const;

const WHERE = ['functions', 'types', 'namespaces'] as const;

export const allows = only({
  functions: anyOf(label('the name of a function'), 'functions').exactOptional(),
  types: anyOf(z.enum(TYPES, { error: `must be one of ${TYPES.join(', ')}` }), 'types of events').exactOptional(),
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
