import { Aws, Fn, Stack } from 'aws-cdk-lib';
import type { CfnApplication } from 'aws-cdk-lib/aws-kinesisanalyticsv2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { fromProject, hashOfProject, isMavenProject } from '../../../shared/synth/maven-project';
import { requireResource, requireText, SettingError, type TextRule } from '../../../shared/synth/settings';

/** A Maven project. `mvn package` must put one jar with all its dependencies, but not those of Flink itself, into `target` or `.build`. */
export interface FlinkProject {
  /** Its folder, from the root of the blueprints. */
  readonly project: string;
}

/** A jar in a bucket. Its key must change with its content, or the application does not change. */
export interface FlinkObject {
  readonly bucket: IBucket;
  readonly key: string;
  /**
   * The version of the object.
   * @default - the newest
   */
  readonly version?: string;
}

/** Where the service finds the code, and what it must be allowed to read. */
export interface FlinkCode {
  readonly location: CfnApplication.S3ContentLocationProperty;
  readonly objectArn: string;
  readonly encryptionKey?: IKey;
}

const APPLICATION: FlinkProject = { project: 'aws/processing/flink/application' };
const BUILD = 'aws/processing/flink/build/maven.cjs';
const KEY: TextRule = {
  pattern: /^[^\s/][^\n]{0,1023}$/,
  must: 'be the key of an object',
  remedy: 'Write it like applications/event-counts-1.4.jar.',
};

/**
 * Refuse a folder without a Maven project, and what is no object.
 * @throws SettingError
 */
export function requireCode(scope: Construct, code: FlinkProject | FlinkObject = APPLICATION) {
  if ('bucket' in code) {
    requireResource(scope, { 'code.bucket': code.bucket });
    requireText(scope, { 'code.key': code.key }, KEY);
    return;
  }
  if (isMavenProject(code.project)) return;
  const remedy = 'Give the folder of a Maven project, from the root of the blueprints, or a jar as bucket and key.';
  throw new SettingError(scope, 'code.project must be a folder with a pom.xml', JSON.stringify(code.project) ?? 'nothing', remedy);
}

/**
 * The location of the code. A project is an asset that the CDK builds when it is published, so a synthesis reads its sources and
 * needs neither Maven nor a network. Its key is a hash of the sources: what is published already is not built again.
 */
export function locate(scope: Construct, code: FlinkProject | FlinkObject = APPLICATION): FlinkCode {
  if ('bucket' in code) {
    const { bucket, key, version } = code;
    const location = { bucketArn: bucket.bucketArn, fileKey: key, objectVersion: version };
    return { location, objectArn: bucket.arnForObjects(key), encryptionKey: bucket.encryptionKey };
  }
  const asset = Stack.of(scope).synthesizer.addFileAsset({
    sourceHash: hashOfProject(code.project),
    // The CDK runs it in the folder of `cdk.json`.
    executable: ['node', fromProject(BUILD), fromProject(code.project)],
    displayName: 'Flink application',
  });
  const bucketArn = Fn.join('', ['arn:', Aws.PARTITION, ':s3:::', asset.bucketName]);
  return { location: { bucketArn, fileKey: asset.objectKey }, objectArn: `${bucketArn}/${asset.objectKey}` };
}
