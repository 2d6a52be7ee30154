import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import type { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { defaultLabels } from '../../foundation/google-beta';
import type { Site } from '../../ports/site';
import { DEAD_LETTER_COLUMNS } from './dead-letter-table';
import { eventToRow, FUNCTIONS } from './event-to-row';
import { columnsOf } from './rows';
import { TemplateRun } from './template-run';
import { fileOf } from './workers';

/** What both runs of a load have. */
interface Load {
  readonly site: Site;
  readonly name: string;
  readonly account: ServiceAccount;
  /** The bucket of their temporary files, their function and their schemas. */
  readonly bucket: StorageBucket;
  readonly eventSchema: Readonly<Record<string, unknown>>;
  /** The schema of the table of the rows. */
  readonly schema: string;
  /** The release of the template. */
  readonly release: string;
  /** The pattern of the files. */
  readonly files: string;
  /** The tables, as parameters of the template. */
  readonly into: Readonly<Record<'rows' | 'refused', string>>;
  readonly workers: {
    readonly subnetwork: string;
    readonly machineType: string;
    readonly maxWorkers: number;
    readonly kmsKeyName?: string;
  };
  /** The grants of the workers. */
  readonly waitFor: readonly ITerraformDependable[];
}

/**
 * The runs of a load: one adds the rows of lines that are events, the other adds the other lines to the dead-letter table.
 * @see https://cloud.google.com/dataflow/docs/guides/templates/provided/cloud-storage-to-bigquery
 */
export function loadRuns(scope: Construct, load: Load): Readonly<Record<'run' | 'refused', TemplateRun>> {
  const { site, name, account, bucket, eventSchema, schema, release, files, into, workers, waitFor } = load;
  const code = fileOf(scope, 'Function', bucket, { folder: 'functions', type: 'js', content: eventToRow(eventSchema) });
  const schemaOf = (id: string, columns: readonly object[]) =>
    fileOf(scope, id, bucket, { folder: 'schemas', type: 'json', content: JSON.stringify({ 'BigQuery Schema': columns }) });
  const runOf = (jobName: string, JSONPath: string, outputTable: string, called: string) =>
    new TemplateRun({
      ...{ site, name, jobName, account, waitFor },
      template: `${release}/GCS_Text_to_BigQuery`,
      parameters: {
        inputFilePattern: files,
        JSONPath,
        outputTable,
        javascriptTextTransformGcsPath: code,
        javascriptTextTransformFunctionName: called,
        bigQueryLoadingTemporaryDirectory: `gs://${bucket.name}/loads`,
      },
      environment: {
        ...workers,
        ipConfiguration: 'WORKER_IP_PRIVATE',
        tempLocation: `gs://${bucket.name}/temp`,
        additionalUserLabels: defaultLabels(scope),
      },
    });
  const base = `${site.prefix}-${name}`;
  return {
    run: runOf(base, schemaOf('Schema', columnsOf(schema)), into.rows, FUNCTIONS.ofLine),
    refused: runOf(`${base}-refused`, schemaOf('RefusedSchema', DEAD_LETTER_COLUMNS), into.refused, FUNCTIONS.ofRefused),
  };
}
