import { Aws, type Duration } from 'aws-cdk-lib';
import { type Alarm, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnReceiptRule, type IReceiptRuleSet, ReceiptRuleSet } from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import type { Removal } from '../../../shared/synth/settings';
import { alarm } from '../../foundation/alarms';
import type { Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import type { BucketStore } from '../../ports/stores';
import { ActiveRuleSet } from './active-rule-set';
import { MailFunction } from './mail-function';

/** Settings for {@link Inbound}. */
export interface InboundProps {
  readonly domain: string;
  readonly store: BucketStore;
  readonly sink: RecordSink;
  readonly recipients: readonly string[];
  readonly requireTls: boolean;
  readonly scan: boolean;
  /** What a deploy does with the active rule set, or `byHand` for nothing. */
  readonly activation: 'ifFree' | 'replace' | 'byHand';
  readonly ruleSet?: IReceiptRuleSet;
  readonly maxSilence?: Duration;
  readonly removal?: Removal;
}

/** A receipt rule that stores each mail and then calls a function, in a rule set that the deploy activates. */
export class Inbound extends Construct implements Workload {
  /** The role with which SES writes to the store. */
  readonly role: Role;
  readonly ruleSet: IReceiptRuleSet;
  readonly mail: MailFunction;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: InboundProps) {
    super(scope, id);
    const { domain, store, sink, activation, maxSilence, removal } = props;
    this.ruleSet = props.ruleSet ?? new ReceiptRuleSet(this, 'RuleSet');
    const { receiptRuleSetName: ruleSetName } = this.ruleSet;
    const rules = `arn:${Aws.PARTITION}:ses:${Aws.REGION}:${Aws.ACCOUNT_ID}:receipt-rule-set/${ruleSetName}:receipt-rule/*`;
    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID }, ArnLike: { 'aws:SourceArn': rules } };
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('ses.amazonaws.com', { conditions }) });
    const { waitFor } = store.bindWriter(this, 'STORE');
    this.mail = new MailFunction(this, 'Mail', { domain, store, sink, rules, removal });

    const rule = new CfnReceiptRule(this, 'Rule', {
      ruleSetName,
      rule: {
        enabled: true,
        recipients: [...props.recipients],
        scanEnabled: props.scan,
        tlsPolicy: props.requireTls ? 'Require' : 'Optional',
        // The mail is in the store before the function reads it.
        actions: [
          { s3Action: { bucketName: store.bucket.bucketName, objectKeyPrefix: store.prefix, iamRoleArn: this.role.roleArn } },
          { lambdaAction: { functionArn: this.mail.function.functionArn, invocationType: 'Event' } },
        ],
      },
    });
    // SES tries out the role and the function when the rule is created.
    rule.node.addDependency(...waitFor, this.mail.permission);
    if (!props.ruleSet && activation !== 'byHand') {
      const { resource } = new ActiveRuleSet(this, 'ActiveRuleSet', { ruleSet: ruleSetName, replaceOther: activation === 'replace' });
      resource.node.addDependency(rule);
    }
    this.alarms = [...this.mail.alarms, this.expired(rule), ...(maxSilence ? [this.silent(maxSilence)] : [])];
  }

  private expired(rule: CfnReceiptRule): Alarm {
    const dimensionsMap = { RuleName: rule.ref };
    const metric = new Metric({ namespace: 'AWS/SES', metricName: 'PublishExpired', dimensionsMap, statistic: 'Sum' });
    return alarm(this, 'Expired', metric, 'A mail is lost: for four hours, SES could not store it or call the function.');
  }

  private silent(period: Duration): Alarm {
    const calls = this.mail.function.metricInvocations({ period });
    const metric = new MathExpression({ expression: 'IF(FILL(calls, 0) < 1, 1, 0)', usingMetrics: { calls }, period });
    return alarm(this, 'Silent', metric, 'No mail came: is the MX record right, and the rule set active?');
  }
}
