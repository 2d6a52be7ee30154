import { list, refOf, text } from '../../../shared/read/cfn';
import { amount, is, type Rule, type Template } from './rule';

const METHOD = 'AWS::ApiGateway::Method';
const STAGE = 'AWS::ApiGateway::Stage';
const STREAM = 'AWS::Kinesis::Stream';
const QUEUE = 'AWS::SQS::Queue';
const MAPPING = 'AWS::Lambda::EventSourceMapping';
const ALARM = 'AWS::CloudWatch::Alarm';
const DAY = 24 * 3600;

/** What the templates for AWS promise of the way of an event: retries are bounded, nothing is lost, nothing fails unheard. */
export const DELIVERY: readonly Rule[] = [
  {
    id: 'bounded-retries',
    types: [MAPPING],
    must: 'give a batch up in the end: without a bound it blocks its shard',
    holds: (mapping) => amount(mapping, 'MaximumRetryAttempts') >= 0 && amount(mapping, 'MaximumRecordAgeInSeconds') > 0,
  },
  {
    id: 'bounded-retries',
    types: [MAPPING],
    must: 'give a record up while it can still be read from the stream',
    holds: (mapping, template) => {
      const stream = template.find(mapping.get('EventSourceArn')[0]);
      return stream !== undefined && amount(mapping, 'MaximumRecordAgeInSeconds') <= amount(stream, 'RetentionPeriodHours') * 3600;
    },
  },
  {
    id: 'one-poison-record',
    types: [MAPPING],
    must: 'split a batch that failed, and believe the function about what failed in it',
    holds: (mapping) => is(mapping, 'BisectBatchOnFunctionError', true) && is(mapping, 'FunctionResponseTypes', 'ReportBatchItemFailures'),
  },
  {
    id: 'nothing-lost',
    types: [MAPPING],
    must: 'send what it gives up to a queue that keeps it for 14 days',
    holds: (mapping, template) => {
      const queue = template.find(mapping.get('DestinationConfig.OnFailure.Destination')[0]);
      return queue?.Type === QUEUE && amount(queue, 'MessageRetentionPeriod') === 14 * DAY;
    },
  },
  {
    id: 'nothing-lost',
    types: [MAPPING],
    must: 'start with the oldest record, so that none is missed that comes while the stack deploys',
    holds: (mapping) => is(mapping, 'StartingPosition', 'TRIM_HORIZON'),
  },
  {
    id: 'rings',
    types: [MAPPING],
    must: 'have an alarm that rings at the first dead letter, and one that rings when records are late',
    holds: (mapping, template) => {
      const queue = refOf(mapping.get('DestinationConfig.OnFailure.Destination')[0]);
      const stream = refOf(mapping.get('EventSourceArn')[0]);
      return (
        watches(template, queue, 'ApproximateNumberOfMessagesVisible', (threshold) => threshold === 1) &&
        watches(template, stream, 'GetRecords.IteratorAgeMilliseconds', (threshold) => threshold <= DAY * 1000)
      );
    },
  },
  {
    id: 'rings',
    types: [STREAM],
    must: 'have alarms that ring when it turns writers or readers away',
    holds: ({ id }, template) =>
      ['Write', 'Read'].every((which) => watches(template, id, `${which}ProvisionedThroughputExceeded`, (threshold) => threshold === 1)),
  },
  {
    id: 'rings',
    types: ['AWS::Lambda::Function'],
    must: 'have alarms that ring when it fails, or is not let run',
    holds: ({ id }, template) => ['Errors', 'Throttles'].every((metric) => watches(template, id, metric, (threshold) => threshold === 1)),
  },
  {
    id: 'rings',
    types: ['AWS::ApiGateway::RestApi'],
    must: 'have alarms, by a name that no other API has, that ring when events are turned away',
    holds: (api, template) =>
      ['5XXError', '4XXError'].every((metric) =>
        template
          .of(ALARM)
          .some(
            (alarm) =>
              is(alarm, 'MetricName', metric) &&
              is(alarm, 'Dimensions.Name', 'ApiName') &&
              is(alarm, 'Dimensions.Value', text(api.get('Name')[0])),
          ),
      ),
  },
  {
    id: 'rings',
    types: [ALARM],
    must: 'watch one thing and not all of its kind, and stay silent where there is no data',
    holds: (alarm) => alarm.get('Dimensions.Value').length === 1 && is(alarm, 'TreatMissingData', 'notBreaching'),
  },
  {
    id: 'ready-before-work',
    types: ['AWS::Lambda::Function', MAPPING],
    must: 'wait for everything that its role may do',
    holds: (resource, template) => {
      const fn = resource.Type === MAPPING ? template.find(resource.get('FunctionName')[0]) : resource;
      const earlier = [...list(resource.DependsOn as string[]), ...(resource === fn ? [] : list(fn?.DependsOn as string[]))];
      return policiesOf(refOf(fn?.get('Role')[0]), template).every((policy) => earlier.includes(policy));
    },
  },
  {
    id: 'ready-before-work',
    types: [STAGE],
    must: 'wait for what the role of its methods may do, and for the group that its errors are written to',
    holds: (stage, template) => {
      const earlier = list(stage.DependsOn as string[]);
      const roles = template.of(METHOD).map((method) => refOf(method.get('Integration.Credentials')[0]));
      const groups = template
        .of('AWS::Logs::LogGroup')
        .filter((group) => text(group.get('LogGroupName')[0]).startsWith('API-Gateway-Execution-Logs_'));
      return (
        groups.length > 0 &&
        [...roles.flatMap((role) => policiesOf(role, template)), ...groups.map(({ id }) => id)].every((id) => earlier.includes(id))
      );
    },
  },
];

/** Whether an alarm watches a metric of a resource, and rings when the threshold fits. */
function watches(template: Template, id: string | undefined, metric: string, fits: (threshold: number) => boolean): boolean {
  return template
    .of(ALARM)
    .some((alarm) => is(alarm, 'MetricName', metric) && refOf(alarm.get('Dimensions.Value')[0]) === id && fits(amount(alarm, 'Threshold')));
}

/** The policies that say what a role may do. */
function policiesOf(role: string | undefined, template: Template): string[] {
  return template
    .of('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy')
    .flatMap((policy) => (policy.get('Roles').some((one) => refOf(one) === role) ? [policy.id] : []));
}
