/** Opens what `alert` remembers, as the settings say. What is not asked for is not loaded. */
import type { Connection } from '../../scans/kubernetes-connection.ts';
import { Unavailable } from '../../scans/unavailable.ts';
import type { AlertState } from '../state.ts';
import type { TableSettings } from './dynamodb.ts';

export type AlertStateSettings =
  | { readonly memory: Readonly<Record<string, never>> }
  /** A file, or `:memory:`. */
  | { readonly file: string }
  | { readonly configMaps: { readonly namespace: string } }
  | { readonly dynamoDb: TableSettings };

/** A bundle for where there is no AWS goes without its SDK. */
const openTable = async (settings: TableSettings): Promise<AlertState> => {
  try {
    return (await import('./dynamodb.ts')).tableAlertState(settings);
  } catch (cause) {
    throw new Unavailable('DynamoDB cannot be used here: the AWS SDK is not part of this installation', { cause });
  }
};

/**
 * Rejects with `Unavailable` where a file, or DynamoDB, cannot be used; nothing else is asked before it is needed.
 *
 * @param connection to the API server, where ConfigMaps are asked for; it is not closed with the state
 */
export const openAlertState = async (settings: AlertStateSettings, connection?: Connection): Promise<AlertState> => {
  if ('memory' in settings) return (await import('./memory.ts')).memoryAlertState();
  if ('file' in settings) return (await import('./sqlite.ts')).openSqliteAlertState({ path: settings.file });
  if ('dynamoDb' in settings) return openTable(settings.dynamoDb);
  if (connection === undefined) throw new Error('ConfigMaps cannot be reached without an API server');
  return (await import('./config-maps.ts')).configMapAlertState(connection, settings.configMaps.namespace);
};
