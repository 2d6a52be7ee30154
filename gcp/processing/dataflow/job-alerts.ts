import type { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import type { DataflowJob as Resource } from '@cdktf/provider-google/lib/dataflow-job';
import type { Construct } from 'constructs';
import { alertAbove, alertOnAbsence, type Watched } from '../../foundation/alert';

/** A job and its dead letter, and whom their alerts notify. */
export interface WatchedJob {
  readonly job: Resource;
  readonly deadLetter: BigqueryTable;
  readonly project: string;
  /** The start of the display names. */
  readonly title: string;
  readonly notify: readonly string[];
}

/**
 * Add the alerts of a streaming job: it failed, it is late, it does not run, it could not store a message.
 * @see https://cloud.google.com/dataflow/docs/guides/using-cloud-monitoring
 */
export function alertOnJob(scope: Construct, { job, deadLetter, project, title, notify }: WatchedJob) {
  const about = (condition: string, metric: string, meaning: string) => ({
    project,
    title: `${title}: ${condition}`,
    condition: `Dataflow ${condition}`,
    filter: [
      'resource.type = "dataflow_job"',
      `resource.labels.job_name = "${job.name}"`,
      `metric.type = "dataflow.googleapis.com/job/${metric}"`,
    ],
    meaning,
    notify,
  });
  const gauge = (above: number, lastingSeconds: number) => ({ kind: 'gauge', above, periodSeconds: 60, lastingSeconds }) as const;
  alertAbove(scope, 'FailedAlert', {
    ...about('failed', 'is_failed', 'The job failed, and does not start again by itself. See its log, and apply again to start it.'),
    ...gauge(0, 60),
  });
  alertAbove(scope, 'LagAlert', {
    ...about('is slow', 'system_lag', 'An event is in the job for over 5 minutes: its workers are too few, or BigQuery refuses rows.'),
    ...gauge(300, 300),
  });
  alertAbove(scope, 'WatermarkAlert', {
    ...about('is late', 'data_watermark_age', 'Events are stored over 10 minutes after they were published: the job does not keep up.'),
    ...gauge(600, 300),
  });
  alertOnAbsence(
    scope,
    'AbsentAlert',
    about('does not run', 'current_num_vcpus', 'The job has no worker: it was stopped, or cannot start one. Apply again to start it.'),
    1800,
    'gauge',
  );
  const dead: Watched = {
    project,
    title: `${title}: dead letter`,
    condition: 'Dataflow dead letter',
    filter: [
      'resource.type = "bigquery_dataset"',
      `resource.labels.dataset_id = "${deadLetter.datasetId}"`,
      'metric.type = "bigquery.googleapis.com/storage/uploaded_row_count"',
      `metric.labels.table = "${deadLetter.tableId}"`,
    ],
    meaning: 'Messages could not be stored. The dead-letter table has them with the reason, and deletes them after 31 days.',
    notify,
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
  };
  alertAbove(scope, 'DeadLetterAlert', dead);
}
