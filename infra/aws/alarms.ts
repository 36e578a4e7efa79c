/** What people are called for. All go to one topic, where there is one. */
import type { DeployedFunction } from './deployed-function.ts';
import { attribute, type Resource, type Resources, ref } from './template.ts';

type Dimension = { readonly Name: string; readonly Value: unknown };

interface Alarm {
  /** In the namespace of the metric. */
  readonly metric: readonly [namespace: string, name: string];
  readonly dimension?: Dimension;
  readonly statistic: 'Maximum' | 'Sum';
  /** More than this is too much. */
  readonly above: number;
  /** Periods of five minutes, one after the other. */
  readonly periods: number;
  readonly says: string;
}

const queueDimension = (queue: string): Dimension => ({ Name: 'QueueName', Value: attribute(queue, 'QueueName') });

/** @param topic the ARN of the SNS topic that is told; empty, none */
export const alarm = (
  { metric: [Namespace, MetricName], dimension, statistic, above, periods, says }: Alarm,
  topic: string,
): Resource => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: says,
    Namespace,
    MetricName,
    ...(dimension && { Dimensions: [dimension] }),
    Statistic: statistic,
    Period: 300,
    EvaluationPeriods: periods,
    Threshold: above,
    ComparisonOperator: 'GreaterThanThreshold',
    // An idle function tells nothing, and is well.
    TreatMissingData: 'notBreaching',
    ...(topic !== '' && { AlarmActions: [topic], OKActions: [topic] }),
  },
});

/** Anything in a queue of what nobody could take. */
export const deadLettersAlarm = (queue: string, says: string, topic: string): Resource =>
  alarm(
    {
      metric: ['AWS/SQS', 'ApproximateNumberOfMessagesVisible'],
      dimension: queueDimension(queue),
      statistic: 'Maximum',
      above: 0,
      periods: 1,
      says,
    },
    topic,
  );

/** What the log says of outcomes that are no error of Lambda's, and the metric that counts it. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  Rejected: ['rejected', 'refused'],
  Unavailable: ['unavailable'],
};

const METRICS = 'ScanStatus';

const counted = ({ logGroup, fullName }: DeployedFunction, name: string, outcomes: readonly string[]): Resource => ({
  Type: 'AWS::Logs::MetricFilter',
  Properties: {
    LogGroupName: ref(logGroup),
    FilterPattern: `{ ${outcomes.map((outcome) => `($.outcome = "${outcome}")`).join(' || ')} }`,
    MetricTransformations: [
      { MetricNamespace: METRICS, MetricName: `${fullName}-${name.toLowerCase()}`, MetricValue: '1' },
    ],
  },
});

const alarmsOf = ({ id, name, fullName }: DeployedFunction): Readonly<Record<string, Alarm>> => {
  const ofFunction: Dimension = { Name: 'FunctionName', Value: fullName };
  return {
    // SQS leaves out what was received more than three times: the next two see that.
    OldMessage: {
      metric: ['AWS/SQS', 'ApproximateAgeOfOldestMessage'],
      dimension: queueDimension(`${id}Queue`),
      statistic: 'Maximum',
      above: 900,
      periods: 1,
      says: `A message waits for ${name} for more than 15 minutes.`,
    },
    Unavailable: {
      metric: [METRICS, `${fullName}-unavailable`],
      statistic: 'Sum',
      above: 0,
      periods: 3,
      says: `The API server or the bus does not take what ${name} writes, for 15 minutes. Nothing is lost within a day.`,
    },
    // They become dead letters only after hours.
    Rejected: {
      metric: [METRICS, `${fullName}-rejected`],
      statistic: 'Sum',
      above: 0,
      periods: 1,
      says: `Somebody sends ${name} what it cannot take: its log says what is wrong with it.`,
    },
    Errors: {
      metric: ['AWS/Lambda', 'Errors'],
      dimension: ofFunction,
      statistic: 'Sum',
      above: 0,
      periods: 1,
      says: `${name} failed, or did not end in time.`,
    },
    Throttles: {
      metric: ['AWS/Lambda', 'Throttles'],
      dimension: ofFunction,
      statistic: 'Sum',
      above: 0,
      periods: 1,
      says: `Lambda did not start ${name}: the account has no concurrency left.`,
    },
  };
};

export const alarms = (deployed: DeployedFunction, topic: string): Resources => {
  const { id, name } = deployed;
  return {
    [`${id}DeadLettersAlarm`]: deadLettersAlarm(
      `${id}DeadLetters`,
      `${name} could not take a message, for good.`,
      topic,
    ),
    ...Object.fromEntries(
      Object.entries(alarmsOf(deployed)).map(([what, one]) => [`${id}${what}Alarm`, alarm(one, topic)]),
    ),
    ...Object.fromEntries(
      Object.entries(OUTCOMES).map(([what, outcomes]) => [`${id}${what}`, counted(deployed, what, outcomes)]),
    ),
  };
};
