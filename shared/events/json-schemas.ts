/** The JSON Schemas of all data, made from the schemas that the code itself reads with. */
import * as z from 'zod';
import { jobData } from './apiserver.ts';
import { exporterData } from './exporter.ts';
import { nativeData } from './native.ts';
import { policyEvaluatedData } from './policy-evaluated.ts';
import { reportReadyData } from './report-ready.ts';
import { statusChangedData } from './status-change.ts';

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  'job-event-apiserver': jobData,
  'job-event-exporter': exporterData,
  'job-event-native': nativeData,
  'policy-evaluated': policyEvaluatedData,
  'report-ready': reportReadyData,
  'status-changed': statusChangedData,
};

/** The text of each file of `infra/schemas`, by its name: of data, or of other schemas by theirs. */
export const jsonSchemas = (schemas: Readonly<Record<string, z.ZodType>> = SCHEMAS): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(schemas).map(([name, schema]) => {
      const text = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), undefined, 2);
      return [`${name}.schema.json`, `${text}\n`];
    }),
  );
