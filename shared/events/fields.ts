/** The schemas of fields that several shapes of data share. */
import * as z from 'zod';
import { type Instant, parseInstant } from '../conditions/instant.ts';

/** An RFC 3339 date-time, read as an instant of whole seconds. */
export const instant = z
  .string({ error: 'must be an RFC 3339 date-time' })
  .meta({ format: 'date-time' })
  .transform((text, context): Instant => {
    const read = parseInstant(text);
    if (read !== undefined) return read;
    context.addIssue({ code: 'custom', message: 'must be an RFC 3339 date-time' });
    return z.NEVER;
  });

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ (a DNS subdomain) */
export const objectName = z
  .string({ error: 'must be a string' })
  .max(253, 'must not be longer than 253 characters')
  .regex(/^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/, 'must be the name of a Kubernetes object');

/** A DNS label. */
const namespaceName = z
  .string({ error: 'must be a string' })
  .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'must be the name of a namespace');

const kindName = z.string({ error: 'must be a string' }).regex(/^[A-Z][A-Za-z0-9]{0,62}$/, 'must be a kind');

/** Kubernetes makes UUIDs; nothing relies on it. */
export const uid = z
  .string({ error: 'must be a string' })
  .regex(/^[\w.:-]{1,128}$/, 'must be a uid: 1 to 128 letters, digits, . : _ -');

export const generation = z.int({ error: 'must be a whole number' }).min(0, 'must not be negative');

export const scanRef = z.object(
  { kind: kindName, namespace: namespaceName, name: objectName, uid },
  { error: 'must be an object' },
);

/** A reason as the Kubernetes API conventions have it. */
export const reason = z
  .string({ error: 'must be a string' })
  .max(1_024, 'must not be longer than 1024 characters')
  .regex(/^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/, 'must be a CamelCase word');
