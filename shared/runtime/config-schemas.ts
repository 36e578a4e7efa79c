/** The JSON Schemas of the files that settings name, for editors: made from the schemas that the code reads them with. */
import { alertsConfig } from '../alerts/alerts-config.ts';
import { jsonSchemas } from '../events/json-schemas.ts';
import { authConfig } from './auth-config.ts';

/** The text of each such file of `infra/schemas`, by its name. */
export const configSchemas = (): ReadonlyMap<string, string> =>
  jsonSchemas({ 'alerts-config': alertsConfig, 'auth-config': authConfig });
