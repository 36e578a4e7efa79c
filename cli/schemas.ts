/** Writes the JSON Schemas of all data into `infra/schemas`; run it when a schema changes. */
import { writeFileSync } from 'node:fs';
import { jsonSchemas } from '../shared/events/json-schemas.ts';

const FOLDER = new URL('../infra/schemas/', import.meta.url);

for (const [name, text] of jsonSchemas()) writeFileSync(new URL(name, FOLDER), text);
