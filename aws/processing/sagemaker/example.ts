import { CfnParameter, Duration } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
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
import { SageMakerEndpoint } from './sagemaker-endpoint';
import { SageMakerJob } from './sagemaker-job';

/** Each event gets the prediction of a model behind a SageMaker endpoint before it is stored, and each day a SageMaker job reports how many events there were. */
export class AwsSageMaker extends AwsPlatform {
  constructor(scope: Construct, id: string, props: AwsPlatformProps = {}) {
    super(scope, id, {
      description: 'Events over HTTPS, with predictions of a SageMaker endpoint, stored, and reported each day.',
      ...props,
    });
    const { removal, accountLogRole } = this;
    const ask = (name: string, description: string, allowedPattern: string) =>
      new CfnParameter(this, name, { description, allowedPattern }).valueAsString;
    const name = ask('ImageRepository', 'The ECR repository of the image of your model, which has Python.', '^[a-z0-9][a-z0-9._/-]*$');
    const digest = ask('ImageDigest', 'The digest of the image, such as sha256:...', '^sha256:[0-9a-f]{64}$');

    const store = new S3Store(this, 'Store', { removal });
    const reports = new S3Store(this, 'StoreReports', { prefix: 'reports/', removal });
    const buffer = new KinesisBuffer(this, 'Buffer', { removal });
    const connect = new ApiGatewayEntry(this, 'Connect', { sink: buffer, eventSchema, accountLogRole });
    const image = { repository: Repository.fromRepositoryName(this, 'Image', name), digest };
    const model = new SageMakerEndpoint(this, 'ProcessingModel', { image });
    new LambdaProcessor(this, 'Processing', {
      code: packageHandler('aws/handlers/kinesis-to-sagemaker'),
      source: buffer,
      stores: { STORE: model.addPredictions(store) },
      delivery: { batchSize: 500 },
      timeout: Duration.minutes(5),
    });
    const script = packageScript('aws/runtime/sagemaker/report');
    const report = new SageMakerJob(this, 'ProcessingReport', { image, script, inputs: { SOURCE: store }, outputs: { TARGET: reports } });
    const schedule = ScheduleExpression.rate(Duration.days(1));
    const jobs = new StepFunctionsOrchestration(this, 'ProcessingJobs', { steps: [{ Report: report }], schedule, removal });

    this.output({
      EventsUrl: [connect.url, 'Send events here, signed.'],
      SendCommand: [connect.curl, `Sends one event. ${connect.curlNeeds}`],
      ReportCommand: [`aws stepfunctions start-execution --state-machine-arn ${jobs.stateMachine.stateMachineArn}`, 'Reports now.'],
      ShowCommand: [`aws s3 cp s3://${reports.bucket.bucketName}/${reports.prefix}events-by-day.csv -`, 'Shows the report.'],
    });
  }
}
