/** The parts of a CloudFormation template. */

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** By their logical names. */
export type Resources = Readonly<Record<string, Resource>>;

export const ref = (id: string) => ({ Ref: id });
export const attribute = (id: string, name: string) => ({ 'Fn::GetAtt': [id, name] });
export const substituted = (text: string) => ({ 'Fn::Sub': text });

/** The ARN of something of this account and region, of which only the name is known. */
export const arnOf = (service: string, name: string) =>
  substituted(`arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${name}`);

export const allow = (Action: readonly string[], Resource: unknown) => ({ Effect: 'Allow', Action, Resource });

export const policyDocument = (...statements: readonly object[]) => ({ Version: '2012-10-17', Statement: statements });
