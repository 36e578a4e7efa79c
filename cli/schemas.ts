/** Writes the JSON Schemas of all data, and of the files that settings name, into `infra/schemas`; run it when a schema changes. */
import { writeFileSync } from 'node:fs';
import { jsonSchemas } from '../shared/events/json-schemas.ts';
import { configSchemas } from '../shared/runtime/config-schemas.ts';

const FOLDER = new URL('../infra/schemas/', import.meta.url);

for (const [name, text] of [...jsonSchemas(), ...configSchemas()]) writeFileSync(new URL(name, FOLDER), text);
