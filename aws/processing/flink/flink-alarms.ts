import { Duration } from 'aws-cdk-lib';
import { type Alarm, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnApplication } from 'aws-cdk-lib/aws-kinesisanalyticsv2';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { alarm, LASTING } from '../../foundation/alarms';

const NAMESPACE = 'Blueprints/Flink';
const period = Duration.minutes(5);

/** The ARN of an application. CloudFormation has no attribute for it. */
export function applicationArn({ ref, stack }: CfnApplication): string {
  return stack.formatArn({ service: 'kinesisanalytics', resource: 'application', resourceName: ref });
}

/**
 * Alarms on an application. `numRestarts` and `numberOfFailedCheckpoints` are totals, so what counts is their rise; at a start they
 * fall to 0. The delay of the stream is an alarm of the buffer.
 * @see https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html
 */
export function alarmsOf(scope: Construct, application: CfnApplication, logGroup: LogGroup): readonly Alarm[] {
  const metric = (metricName: string, statistic = 'Maximum') =>
    new Metric({
      namespace: 'AWS/KinesisAnalytics',
      metricName,
      dimensionsMap: { Application: application.ref },
      statistic,
      period,
    });
  const rise = (total: Metric) => new MathExpression({ expression: 'DIFF(total)', usingMetrics: { total }, period });
  // An application that runs reports its use of CPU once a minute.
  const silent = new MathExpression({
    expression: 'IF(FILL(reports, 0) < 1, 1, 0)',
    usingMetrics: { reports: metric('cpuUtilization', 'SampleCount') },
    period,
  });
  const stopped = 'For 15 minutes the application has not run. Start it: aws kinesisanalyticsv2 start-application.';
  const restarts = 'The application restarted because it failed. It continues from its last checkpoint: see its log group.';
  const checkpoints = 'For 15 minutes checkpoints have failed. Nothing is stored until one succeeds.';
  return [
    alarm(scope, 'Stopped', silent, stopped, LASTING),
    alarm(scope, 'Restarts', rise(metric('numRestarts')), restarts),
    alarm(scope, 'Checkpoints', rise(metric('numberOfFailedCheckpoints')), checkpoints, LASTING),
    alarm(scope, 'Cpu', metric('containerCPUUtilization'), 'For 15 minutes a task manager has used 90 % of its CPU.', {
      ...LASTING,
      threshold: 90,
    }),
    alarm(scope, 'Heap', metric('heapMemoryUtilization'), 'For 15 minutes a task manager has used 90 % of its heap.', {
      ...LASTING,
      threshold: 90,
    }),
    alarm(
      scope,
      'Failed',
      refused(scope, application, logGroup),
      'Records were not counted. Each is below the failed prefix, with the reason.',
    ),
  ];
}

/** The application writes a warning when it refuses records. Every line in its log group has the ARN of the application. */
function refused(scope: Construct, application: CfnApplication, logGroup: LogGroup): Metric {
  const metricName = 'RefusedRecords';
  new MetricFilter(scope, 'Refused', {
    logGroup,
    filterPattern: FilterPattern.literal('{ ($.messageType = "WARN") && ($.message = "Records were not counted*") }'),
    metricNamespace: NAMESPACE,
    metricName,
    metricValue: '1',
    dimensions: { Application: '$.applicationARN' },
  });
  const dimensionsMap = { Application: applicationArn(application) };
  return new Metric({ namespace: NAMESPACE, metricName, dimensionsMap, statistic: 'Sum', period });
}
