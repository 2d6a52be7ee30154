import { asOptions } from '../../../shared/synth/job-script';

/** What a run is started with. */
export interface Run {
  /** The name of the batch, with the prefix. */
  readonly base: string;
  /** The address of the script in Cloud Storage. */
  readonly script: string;
  readonly arguments: Readonly<Record<string, string>>;
  readonly spark: Readonly<Record<string, string>>;
  readonly maxExecutors: number;
  readonly ttlHours: number;
  readonly runtimeVersion: string;
  /** The email of the account that the script runs as. */
  readonly email: string;
  /** The bucket for files that Dataproc stages. */
  readonly bucket: string;
  readonly subnetwork: string;
  /** The id of the key that encrypts its disks and arguments. */
  readonly encryptionKey?: string;
}

/**
 * The body of the request that starts a run. It has no id, so Dataproc makes one: an id that is there already would be refused, for
 * as long as Dataproc keeps the run of the night before.
 * @see https://cloud.google.com/dataproc-serverless/docs/reference/rest/v1/projects.locations.batches
 */
export function bodyOf(run: Run): string {
  return JSON.stringify({
    labels: { job: run.base },
    pysparkBatch: { mainPythonFileUri: run.script, args: Object.entries(asOptions(run.arguments)).flat() },
    runtimeConfig: {
      version: run.runtimeVersion,
      properties: { ...run.spark, 'spark.dynamicAllocation.maxExecutors': String(run.maxExecutors) },
    },
    environmentConfig: {
      executionConfig: {
        serviceAccount: run.email,
        subnetworkUri: run.subnetwork,
        stagingBucket: run.bucket,
        ttl: `${run.ttlHours * 3600}s`,
        kmsKey: run.encryptionKey,
      },
    },
  });
}
