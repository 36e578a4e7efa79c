/** All that CloudFormation is to make around the functions of serverless.yml, from what is written there. */
import { access } from './access.ts';
import { alarms } from './alarms.ts';
import { alertResources, alertRights } from './alerts.ts';
import { bus, outputs } from './bus.ts';
import { type DeployedFunction, deployedFunction, type FunctionEntry } from './deployed-function.ts';
import { queues } from './queues.ts';
import { ROUTES, type Routes } from './routes.ts';
import { ruleNames, rules } from './rules.ts';
import type { Resources } from './template.ts';

export interface Deployment {
  /** Service and stage, which set it apart from others. */
  readonly prefix: string;
  /** The name of the EKS cluster. */
  readonly cluster: string;
  /** The ARN of the SNS topic that alarms go to; empty, none. */
  readonly topic: string;
  /** The ARN of an SNS topic that alerts go to; empty, none. */
  readonly alertTopic: string;
  /** For how long events are kept to be replayed. */
  readonly archiveDays: number;
}

const routesOf = (name: string): Routes => {
  const routes = ROUTES.get(name);
  if (routes === undefined) throw new Error(`infra/aws/routes.ts does not say which events reach ${name}`);
  return routes;
};

interface Own {
  readonly resources: Resources;
  readonly rights: readonly object[];
}

/** What no other function has. */
const ownOf = (deployed: DeployedFunction, { alertTopic }: Deployment): Own =>
  deployed.name === 'alert'
    ? { resources: alertResources(deployed), rights: alertRights(deployed, alertTopic) }
    : { resources: {}, rights: [] };

/** Throws where a function has no queue, or no events. */
export const template = (functions: Readonly<Record<string, FunctionEntry>>, deployment: Deployment) => {
  const { prefix, cluster, topic, archiveDays } = deployment;
  const all = Object.entries(functions).map(([name, entry]) => ({
    ...deployedFunction(name, entry, prefix),
    routes: routesOf(name),
  }));
  const around = all.map(({ routes, ...deployed }) => {
    const own = ownOf(deployed, deployment);
    return {
      ...queues(deployed, ruleNames(deployed.id, routes)),
      ...rules(deployed, routes),
      ...access(deployed, cluster, own.rights),
      ...alarms(deployed, topic),
      ...own.resources,
    };
  });
  const allRules = all.flatMap(({ id, routes }) => ruleNames(id, routes));
  return {
    Resources: Object.assign({}, bus(prefix, allRules, archiveDays, topic), ...around),
    Outputs: outputs(all),
  };
};
