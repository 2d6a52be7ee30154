import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import type { Reasons } from '../../foundation/acknowledge';
import { alarm, LASTING } from '../../foundation/alarms';
import { makeBundledFunction } from '../../foundation/bundled-function';
import type { FunctionWorkload } from '../../ports/identity';
import type { TableStore } from '../../ports/stores';

const NEEDED = ['STORE_TABLE', 'STORE_LOOK_UP_BY', 'STORE_INDEX'];
const FUNCTION: Reasons = {
  'CKV_AWS_115, NIST.800.53.R5-LambdaConcurrency': 'Its calls are limited by rateLimit and burstLimit of the API.',
  'CKV_AWS_116, NIST.800.53.R5-LambdaDLQ': 'API Gateway calls it and waits for its answer. There are no asynchronous calls.',
  'CKV_AWS_117, NIST.800.53.R5-LambdaInsideVPC':
    'It calls only DynamoDB, over TLS and with its role. In a VPC, that would take an endpoint, and make its start slower.',
};

/** Settings for {@link LookUpFunction}. */
export interface LookUpFunctionProps {
  readonly store: TableStore;
  readonly maxRows: number;
  readonly defaultRows: readonly object[];
  readonly logRetention: RetentionDays;
}

/** The function that reads the rows of one key. It answers within a second, also if the table does not. */
export class LookUpFunction extends Construct implements FunctionWorkload {
  readonly role: Role;
  readonly function: LambdaFunction;
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { store, maxRows, defaultRows, logRetention }: LookUpFunctionProps) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    const rows = store.bindReader(this, 'STORE');
    const missing = NEEDED.filter((setting) => rows.settings[setting] === undefined);
    if (missing.length > 0) {
      const remedy = 'Give a DynamoDbStore with lookUpBy: the function queries its index.';
      throw new SettingError(
        scope,
        `store must return ${missing.join(' and ')}`,
        Object.keys(rows.settings).join(' and ') || 'nothing',
        remedy,
      );
    }
    this.function = makeBundledFunction(this, {
      folder: 'aws/runtime/api-gateway/look-up',
      memorySize: 512,
      timeout: Duration.seconds(3),
      environment: { ...rows.settings, MAX_ROWS: String(maxRows), DEFAULT_ROWS: JSON.stringify(defaultRows) },
      logRetention,
      reasons: FUNCTION,
      waitFor: rows.waitFor,
    });
    this.alarms = [
      alarm(this, 'Errors', this.function.metricErrors(), 'For 15 minutes look-ups have failed without an answer.', LASTING),
      alarm(this, 'Throttles', this.function.metricThrottles(), 'For 15 minutes Lambda has throttled look-ups.', LASTING),
    ];
  }
}
