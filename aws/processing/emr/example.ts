import { Duration } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { packageScript } from '../../../shared/synth/script-package';
import { KinesisBuffer } from '../../buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { S3Store } from '../../store/s3/s3-store';
import { LambdaProcessor } from '../lambda/lambda-processor';
import { StepFunctionsOrchestration } from '../step-functions/step-functions-orchestration';
import { EmrServerlessJob } from './emr-serverless-job';

/** Events are stored as lines of JSON, and each hour Spark on EMR Serverless compacts them into Parquet, without duplicates. */
export class AwsEmr extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, stored as lines of JSON, compacted into Parquet by EMR Serverless.', ...props });
    const { removal, accountLogRole } = this;

    const store = new S3Store(this, 'Store', { removal });
    const lake = new S3Store(this, 'StoreLake', { prefix: 'parquet/', removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    const code = packageHandler('aws/handlers/kinesis-to-s3');
    new LambdaProcessor(this, 'Processing', { code, source: buffer, stores: { STORE: store } });
    const script = packageScript('shared/runtime/spark/compact');
    const compact = new EmrServerlessJob(this, 'ProcessingCompact', { script, inputs: { SOURCE: store }, outputs: { TARGET: lake } });
    const schedule = ScheduleExpression.rate(Duration.hours(1));
    const jobs = new StepFunctionsOrchestration(this, 'ProcessingJobs', { steps: [{ Compact: compact }], schedule, removal });

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      CompactCommand: [`aws stepfunctions start-execution --state-machine-arn ${jobs.stateMachine.stateMachineArn}`, 'Compacts now.'],
      ShowCommand: [`aws s3 ls --recursive s3://${lake.bucket.bucketName}/${lake.prefix}`, 'Shows what was compacted.'],
    });
  }
}
