/**
 * What serverless.yml takes from here: the resources around its functions, and the layers that they are given.
 *
 * The framework loads JavaScript only; what this file imports is checked TypeScript.
 *
 * @see https://www.serverless.com/framework/docs-providers-aws/guide/variables#reference-properties-in-javascript-files
 */
import { template } from './template-of-functions.ts';

/** The resources and outputs that all functions of serverless.yml need. */
export const resources = async ({ resolveConfigurationProperty, resolveVariable }) => {
  const [functions, service, stage, cluster, topic, alertTopic, archiveDays] = await Promise.all([
    resolveConfigurationProperty(['functions']),
    resolveConfigurationProperty(['service']),
    resolveVariable('sls:stage'),
    resolveVariable('param:cluster'),
    resolveVariable('param:alarmTopicArn'),
    resolveVariable('param:alertTopicArn'),
    resolveVariable('param:archiveDays'),
  ]);
  const prefix = `${service}-${stage}`;
  return template(functions, { prefix, cluster, topic, alertTopic, archiveDays: Number(archiveDays) });
};

/** A layer that may be given: a list of it or of nothing, where a file of it is, and whether it was. */
const layer =
  (parameter, file) =>
  async ({ resolveVariable }) => {
    const arn = await resolveVariable(`param:${parameter}`);
    const isGiven = arn !== '';
    return { layers: isGiven ? [arn] : [], file: isGiven ? `/opt/${file}` : '', isGiven };
  };

export const opa = layer('opaLayerArn', 'bin/opa');
export const verdictKey = layer('verdictKeyLayerArn', 'verdict-key.pem');
export const verdictKeys = layer('verdictKeysLayerArn', 'verdict-keys.pem');
export const alerts = layer('alertsLayerArn', 'alerts.yaml');
