import { TimeZone } from 'aws-cdk-lib';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import eventSchema from '../../../shared/runtime/event.schema.json';
import { packageHandler } from '../../../shared/synth/handler-package';
import { packageScript } from '../../../shared/synth/script-package';
import { KinesisBuffer } from '../../buffer/kinesis/kinesis-buffer';
import { ApiGatewayEntry } from '../../connect/api-gateway/api-gateway-entry';
import { AwsPlatform, type AwsPlatformProps } from '../../foundation/platform';
import { S3Store } from '../../store/s3/s3-store';
import { EmrServerlessJob } from '../emr/emr-serverless-job';
import { GlueJob } from '../glue/glue-job';
import { LambdaProcessor } from '../lambda/lambda-processor';
import { StepFunctionsOrchestration } from './step-functions-orchestration';

/**
 * Each night, Step Functions compacts the stored events: first the newest hours with Glue, then the rest with Spark on EMR
 * Serverless, and beside it a sample with one event of each subject and hour.
 */
export class AwsStepFunctions extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, { description: 'Events over HTTPS, stored as lines of JSON, compacted each night by three jobs.', ...props });
    const { removal, accountLogRole } = this;

    const store = new S3Store(this, 'Store', { removal });
    const lake = new S3Store(this, 'StoreLake', { prefix: 'parquet/', removal });
    const samples = new S3Store(this, 'StoreSamples', { prefix: 'samples/', removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    const code = packageHandler('aws/handlers/kinesis-to-s3');
    new LambdaProcessor(this, 'Processing', { code, source: buffer, stores: { STORE: store } });

    const compact = { script: packageScript('shared/runtime/spark/compact'), inputs: { SOURCE: store }, outputs: { TARGET: lake } };
    const newest = new GlueJob(this, 'ProcessingNewest', compact);
    const rest = new EmrServerlessJob(this, 'ProcessingRest', { ...compact, arguments: { HOURS: '0' } });
    const sample = new GlueJob(this, 'ProcessingSample', {
      ...compact,
      outputs: { TARGET: samples },
      arguments: { KEY: 'source,subject' },
    });
    const jobs = new StepFunctionsOrchestration(this, 'ProcessingJobs', {
      steps: [{ Newest: newest }, { Rest: rest, Sample: sample }],
      schedule: ScheduleExpression.cron({ hour: '3', minute: '0', timeZone: TimeZone.ETC_UTC }),
      removal,
    });

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      StartCommand: [`aws stepfunctions start-execution --state-machine-arn ${jobs.stateMachine.stateMachineArn}`, 'Compacts now.'],
      ShowCommand: [`aws s3 ls --recursive s3://${lake.bucket.bucketName}/${lake.prefix}`, 'Shows what was compacted.'],
      DeadLettersCommand: [`aws sqs receive-message --queue-url ${jobs.deadLetterQueue.queueUrl}`, 'Shows executions that failed.'],
    });
  }
}
