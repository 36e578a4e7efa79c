/** What a function may do: a role of its own, and who it is in the cluster, where it has business there. */
import type { DeployedFunction } from './deployed-function.ts';
import { allow, arnOf, attribute, policyDocument, type Resources, substituted } from './template.ts';

const statements = ({ id, logGroup, emits, usesCluster }: DeployedFunction, cluster: string): readonly object[] => [
  allow(['logs:CreateLogStream', 'logs:PutLogEvents'], attribute(logGroup, 'Arn')),
  allow(
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
    attribute(`${id}Queue`, 'Arn'),
  ),
  ...(emits ? [allow(['events:PutEvents'], attribute('Bus', 'Arn'))] : []),
  // Where the cluster is. Who we are there needs no right: anybody may ask STS for their own name.
  ...(usesCluster ? [allow(['eks:DescribeCluster'], arnOf('eks', `cluster/${cluster}`))] : []),
  // X-Ray has no resources to name. @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
  allow(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*'),
];

/** The group is bound to its rights by infra/aws/rbac, in the cluster. */
const entry = ({ id, name }: DeployedFunction, cluster: string): Resources => ({
  [`${id}AccessEntry`]: {
    Type: 'AWS::EKS::AccessEntry',
    Properties: {
      ClusterName: cluster,
      PrincipalArn: attribute(`${id}Role`, 'Arn'),
      KubernetesGroups: [`scan-status-${name}`],
    },
  },
});

/**
 * @param cluster the name of the EKS cluster
 * @param own statements about what no other function has
 */
export const access = (deployed: DeployedFunction, cluster: string, own: readonly object[]): Resources => {
  const { id, name, usesCluster } = deployed;
  return {
    [`${id}Role`]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        Description: substituted(`${name} of \${AWS::StackName}`),
        AssumeRolePolicyDocument: policyDocument({
          Effect: 'Allow',
          Principal: { Service: 'lambda.amazonaws.com' },
          Action: 'sts:AssumeRole',
        }),
        Policies: [{ PolicyName: 'own', PolicyDocument: policyDocument(...statements(deployed, cluster), ...own) }],
      },
    },
    ...(usesCluster && entry(deployed, cluster)),
  };
};
