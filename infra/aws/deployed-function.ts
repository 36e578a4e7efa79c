/** A function as serverless.yml describes it, and the names of what is made for it. */

/** What is read of an entry under `functions`. */
export interface FunctionEntry {
  /** Seconds. */
  readonly timeout: number;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly sqs: { readonly maximumBatchingWindow: number; readonly enabled?: boolean } }[];
}

export interface DeployedFunction {
  /** The name of its folder. */
  readonly name: string;
  /** The same, as the names of CloudFormation's resources are written. */
  readonly id: string;
  /** What the names of its queues begin with. */
  readonly fullName: string;
  /** The logical name of its log group, which the framework makes. */
  readonly logGroup: string;
  /** Seconds. */
  readonly timeout: number;
  /** Seconds for which a batch may wait for more. */
  readonly window: number;
  /** Whether it sends events to the bus. */
  readonly emits: boolean;
  /** Whether it reads or writes in the cluster. */
  readonly usesCluster: boolean;
  /** Whether it takes events. */
  readonly isEnabled: boolean;
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const idOf = (name: string): string => name.split('-').map(capitalised).join('');

/** As the framework names a function's resources. */
const frameworkIdOf = (name: string): string => capitalised(name.replaceAll('-', 'Dash'));

/** @param prefix service and stage, which set this deployment apart from others */
export const deployedFunction = (
  name: string,
  { timeout, environment = {}, events }: FunctionEntry,
  prefix: string,
): DeployedFunction => {
  const [event] = events;
  if (event === undefined) throw new Error(`${name} has no queue under events`);
  const { maximumBatchingWindow: window, enabled = true } = event.sqs;
  return {
    name,
    id: idOf(name),
    fullName: `${prefix}-${name}`,
    logGroup: `${frameworkIdOf(name)}LogGroup`,
    timeout,
    window,
    emits: 'EVENT_BUS_NAME' in environment,
    usesCluster: environment.SCAN_STORE !== 'embedded',
    isEnabled: enabled,
  };
};
