/** The rules of the bus that send to a function's queue. */
import type { DeployedFunction } from './deployed-function.ts';
import type { Routes } from './routes.ts';
import { attribute, type Resource, type Resources, ref } from './template.ts';

/** The most that EventBridge offers: a day, and then the queue of what could not be delivered. */
const RETRIES = { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 };

/** The logical names of a function's rules. */
export const ruleNames = (id: string, routes: Routes): readonly string[] =>
  Object.keys(routes).map((shape) => `${id}${shape}`);

export const rules = ({ id, name, isEnabled }: DeployedFunction, routes: Routes): Resources =>
  Object.fromEntries(
    Object.entries(routes).map(([shape, pattern]): [string, Resource] => [
      `${id}${shape}`,
      {
        Type: 'AWS::Events::Rule',
        Properties: {
          EventBusName: ref('Bus'),
          State: isEnabled ? 'ENABLED' : 'DISABLED',
          EventPattern: pattern,
          Targets: [
            {
              Id: name,
              Arn: attribute(`${id}Queue`, 'Arn'),
              RetryPolicy: RETRIES,
              DeadLetterConfig: { Arn: attribute('Undelivered', 'Arn') },
            },
          ],
        },
      },
    ]),
  );
