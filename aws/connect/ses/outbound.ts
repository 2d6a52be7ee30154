import { Aws, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { type Alarm, ComparisonOperator, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnConfigurationSetEventDestination, ConfigurationSet, ConfigurationSetTlsPolicy, SuppressionReasons } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { alarm } from '../../foundation/alarms';
import { EventRule } from '../../foundation/events/event-rule';
import type { RecordSink } from '../../ports/records';

/** What happens to a sent mail that its sender must know. Deliveries, opens and clicks are left out. */
const EVENTS = ['BOUNCE', 'COMPLAINT', 'REJECT', 'RENDERING_FAILURE'];
const TYPES = ['Email Bounced', 'Email Complaint Received', 'Email Rejected', 'Email Rendering Failed'];

/**
 * The rates of the account at which AWS reviews it; from 10 % and 0.5 % on it may pause sending.
 * @see https://docs.aws.amazon.com/ses/latest/dg/faqs-enforcement.html
 */
const [BOUNCES, COMPLAINTS] = [0.05, 0.001];

/** Settings for {@link Outbound}. */
export interface OutboundProps {
  readonly sink: RecordSink;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The configuration set for sent mails: over TLS only, with a suppression list of addresses that bounced or complained. Each
 * bounce and complaint becomes an event in the buffer, over EventBridge.
 */
export class Outbound extends Construct {
  readonly configurationSet: ConfigurationSet;
  /** Puts bounces and complaints into the buffer. */
  readonly bounces: EventRule;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { sink, removalPolicy }: OutboundProps) {
    super(scope, id);
    this.configurationSet = new ConfigurationSet(this, 'Set', {
      tlsPolicy: ConfigurationSetTlsPolicy.REQUIRE,
      reputationMetrics: true,
      suppressionReasons: SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    });
    // A retained identity names it.
    this.configurationSet.applyRemovalPolicy(removalPolicy);
    const { configurationSetName } = this.configurationSet;
    const tags = { 'ses:configuration-set': [configurationSetName] };
    const pattern = { source: ['aws.ses'], detailType: TYPES, detail: { mail: { tags } } };
    this.bounces = new EventRule(this, 'Bounces', { pattern, sink, removalPolicy });
    const destination = new CfnConfigurationSetEventDestination(this, 'Events', {
      configurationSetName,
      eventDestination: {
        enabled: true,
        matchingEventTypes: EVENTS,
        eventBridgeDestination: { eventBusArn: `arn:${Aws.PARTITION}:events:${Aws.REGION}:${Aws.ACCOUNT_ID}:event-bus/default` },
      },
    });
    destination.node.addDependency(this.bounces);
    this.alarms = [
      ...this.bounces.alarms,
      this.alarm('Reputation.BounceRate', BOUNCES, 'At least 5 % of the sent mails bounced. From 10 % on, AWS may pause sending.'),
      this.alarm(
        'Reputation.ComplaintRate',
        COMPLAINTS,
        'At least 0.1 % of the recipients complained. From 0.5 % on, AWS may pause sending.',
      ),
    ];
  }

  private alarm(metricName: string, threshold: number, description: string): Alarm {
    const dimensionsMap = { 'ses:configuration-set': this.configurationSet.configurationSetName };
    const metric = new Metric({ namespace: 'AWS/SES', metricName, dimensionsMap, statistic: 'Maximum', period: Duration.hours(1) });
    const comparisonOperator = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;
    return alarm(this, metricName.replace('Reputation.', ''), metric, description, { threshold, comparisonOperator });
  }
}
