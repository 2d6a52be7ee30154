import type { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import { dependable, type ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { type Alert, alertAbove, alertOnAbsence, alertOnLog } from '../../foundation/alert';
import { alertOnMissed } from '../../foundation/schedule/run-alerts';
import type { Recurrence } from '../../foundation/schedule/schedule';

/** What the alerts of a job have in common. */
interface WatchedJob {
  readonly project: string;
  /** The start of the display names: the name of the job. */
  readonly title: string;
  readonly notify: readonly string[];
}

/** A streaming job. */
interface WatchedStream extends WatchedJob {
  /** The name of the job, as a reference to it. */
  readonly job: string;
  /** What it writes into, for the meaning of alerts. */
  readonly into: string;
}

/** The runs of a batch job. */
interface WatchedRun extends WatchedJob {
  /** The name of the job of each run. */
  readonly job: string;
  /** The APIs of the project. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** A table that a job adds rows to. */
interface WatchedTable {
  readonly datasetId: string;
  readonly tableId: string;
}

/**
 * Add the alerts of a streaming job: it failed, it is late, it does not run.
 * @see https://cloud.google.com/dataflow/docs/guides/using-cloud-monitoring
 */
export function alertOnStream(scope: Construct, { project, title, notify, job, into }: WatchedStream) {
  const about = (condition: string, metric: string, meaning: string) => ({
    project,
    title: `${title}: ${condition}`,
    condition: `Dataflow ${condition}`,
    filter: [
      'resource.type = "dataflow_job"',
      `resource.labels.job_name = "${job}"`,
      `metric.type = "dataflow.googleapis.com/job/${metric}"`,
    ],
    meaning,
    notify,
  });
  const gauge = (above: number, lastingSeconds: number, periodSeconds = 60) =>
    ({ kind: 'gauge', above, periodSeconds, lastingSeconds }) as const;
  alertAbove(scope, 'FailedAlert', {
    ...about('failed', 'is_failed', 'The job failed, and does not start again by itself. See its log, and apply again to start it.'),
    // The metric ends with the job, perhaps after one point.
    ...gauge(0, 60, 300),
  });
  alertAbove(scope, 'LagAlert', {
    ...about(
      'is slow',
      'system_lag',
      `An event is in the job for over 5 minutes: its workers are too few, or ${into} refuses what it writes.`,
    ),
    ...gauge(300, 300),
  });
  alertAbove(scope, 'WatermarkAlert', {
    ...about('is late', 'data_watermark_age', 'The job is over 10 minutes behind the events that are published: it does not keep up.'),
    ...gauge(600, 300),
  });
  alertOnAbsence(
    scope,
    'AbsentAlert',
    about('does not run', 'current_num_vcpus', 'The job has no worker: it was stopped, or cannot start one. Apply again to start it.'),
    1800,
    'gauge',
  );
}

/**
 * Add an alert on the first row in the dead letter of a job.
 * @see https://cloud.google.com/monitoring/api/metrics_gcp_a_b#gcp-bigquery
 */
export function alertOnDeadLetter(scope: Construct, { table, ...job }: WatchedJob & { readonly table: BigqueryTable }) {
  alertAbove(scope, 'DeadLetterAlert', {
    ...rowsOf(job, table),
    title: `${job.title}: dead letter`,
    condition: 'Dataflow dead letter',
    meaning:
      'Messages could not be stored, perhaps hours ago: BigQuery shows new rows up to six hours later. The dead-letter table has them with the reason, and deletes them after 31 days.',
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
  });
}

/**
 * Add an alert on a run of a batch job that fails. The metric of failed jobs has few points when a job ends at once, so the alert reads
 * the log, where Dataflow writes why a run failed.
 * @see https://cloud.google.com/dataflow/docs/guides/logging
 */
export function alertOnRun(scope: Construct, id: string, { project, title, notify, job, waitFor }: WatchedRun) {
  const alert = alertOnLog(scope, id, {
    project,
    title: `${title}: failed`,
    condition: 'Dataflow run failed',
    filter: [
      'resource.type = "dataflow_step"',
      `resource.labels.job_name = "${job}"`,
      'log_id("dataflow.googleapis.com/job-message")',
      'severity >= ERROR',
      'textPayload : "Workflow failed"',
    ],
    meaning: 'A run failed, and has loaded nothing. Its files are still there. Start it again when the cause is gone: the log has it.',
    notify,
  });
  // It refers to no resource that waits for the APIs.
  alert.dependsOn = waitFor.map(dependable);
}

/** Add an alert on a schedule whose runs load no row. */
export function alertOnNoRows(scope: Construct, { table, recurrence, ...job }: WatchedJob & WatchedLoad) {
  const alert: Alert = {
    ...rowsOf(job, table),
    title: `${job.title}: nothing loaded`,
    condition: 'Dataflow loaded no row',
    meaning: 'No row was loaded since the schedule was due. The job is not started, its runs fail or hang, or there are no files.',
  };
  alertOnMissed(scope, 'NoRowsAlert', alert, recurrence, LONGEST_RUN + LATEST_POINT);
}

/** The table that a schedule loads rows into. */
interface WatchedLoad {
  readonly table: WatchedTable;
  readonly recurrence: Recurrence;
}

/** How long a run may take before rows are missed, in seconds. */
const LONGEST_RUN = 3600;
/** How late Cloud Monitoring shows rows that were added, in seconds. */
const LATEST_POINT = 21_720;

function rowsOf({ project, notify }: WatchedJob, { datasetId, tableId }: WatchedTable) {
  return {
    project,
    notify,
    filter: [
      'resource.type = "bigquery_dataset"',
      `resource.labels.dataset_id = "${datasetId}"`,
      'metric.type = "bigquery.googleapis.com/storage/uploaded_row_count"',
      `metric.labels.table = "${tableId}"`,
    ],
  };
}
