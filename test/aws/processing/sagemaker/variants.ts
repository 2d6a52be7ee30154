import type { Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { SageMakerEndpoint } from '../../../../aws/processing/sagemaker/sagemaker-endpoint';
import { SageMakerJob } from '../../../../aws/processing/sagemaker/sagemaker-job';
import { StepFunctionsOrchestration } from '../../../../aws/processing/step-functions/step-functions-orchestration';
import { S3Store } from '../../../../aws/store/s3/s3-store';
import { packageScript } from '../../../../shared/synth/script-package';

/** An image of AWS, with a digest that no image has. */
export const IMAGE = `763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference@sha256:${'0'.repeat(64)}`;

/** Settings that change findings of cdk-nag. */
export const variants = {
  'a serverless endpoint with an image of AWS': (stack: Stack) => new SageMakerEndpoint(stack, 'Model', { image: IMAGE }),
  'an endpoint with instances, an archive and a key': (stack: Stack) =>
    new SageMakerEndpoint(stack, 'Model', {
      image: IMAGE,
      modelData: { bucket: Bucket.fromBucketName(stack, 'Models', 'models'), key: 'a/model.tar.gz' },
      instances: {},
      encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }),
    }),
  'an endpoint with two instances': (stack: Stack) => new SageMakerEndpoint(stack, 'Model', { image: IMAGE, instances: { max: 2 } }),
  'a training that nothing starts': (stack: Stack) =>
    new SageMakerJob(stack, 'Job', { image: IMAGE, kind: 'training', outputs: { MODEL: new S3Store(stack, 'Models') } }),
  'a processing with a script and an image of a repository': (stack: Stack) => {
    const repository = Repository.fromRepositoryName(stack, 'Repository', 'images');
    const store = new S3Store(stack, 'Store', { bucket: Bucket.fromBucketName(stack, 'Bucket', 'lake') });
    const script = packageScript('aws/runtime/sagemaker/report');
    const image = { repository, digest: `sha256:${'0'.repeat(64)}` };
    const job = new SageMakerJob(stack, 'Job', { image, script, inputs: { SOURCE: store } });
    return new StepFunctionsOrchestration(stack, 'Jobs', { steps: [{ Report: job }] });
  },
};
