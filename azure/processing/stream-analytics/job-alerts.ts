import type { MonitorMetricAlertCriteria } from '@cdktf/provider-azurerm/lib/monitor-metric-alert';
import { dependable, type ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { alertOnLogs, alertOnMetrics, TOLERATED_FAILURES } from '../../foundation/alerts';
import type { Site } from '../../ports/site';

const NAMESPACE = 'Microsoft.StreamAnalytics/streamingjobs';

/** What the alerts watch, and which action groups they notify. */
interface Watched {
  readonly site: Site;
  /** The start of the names of the alerts. */
  readonly name: string;
  readonly jobId: string;
  /** The delay of a healthy job: late events are waited for, and files are filled. */
  readonly healthySeconds: number;
  /** What must exist before silence counts as a fault. */
  readonly started: ITerraformDependable;
  readonly notify?: readonly string[];
}

/** How long a job may be behind, in addition to the delay of a healthy job. */
const BEHIND_SECONDS = 600;
/** Above this, Azure recommends more units. */
const MEMORY_PERCENT = 80;
const BACKLOG = 1000;

/** Add the alerts of a job. Azure sends no metric of a job that does not run: the alert on silence reads the logs. */
export function watchJob(scope: Construct, { site, name, jobId, healthySeconds, started, notify }: Watched) {
  const alert = (id: string, suffix: string, description: string, metricName: string, aggregation: 'Total' | 'Maximum', above: number) => {
    const criterion: MonitorMetricAlertCriteria = {
      metricNamespace: NAMESPACE,
      metricName,
      aggregation,
      operator: 'GreaterThan',
      threshold: above,
    };
    alertOnMetrics(scope, id, { name: `${name}-${suffix}`, description, site, notify, of: jobId }, criterion);
  };
  const lost = 'Stream Analytics skips it, and keeps no copy: it stays in the hub until its retention ends.';
  alert('MalformedAlert', 'malformed', `An event was no JSON object. ${lost}`, 'DeserializationError', 'Total', 0);
  alert(
    'ConversionAlert',
    'conversion',
    'A row does not fit its output. The job retries it, and writes nothing after it.',
    'ConversionErrors',
    'Total',
    0,
  );
  alert('ErrorsAlert', 'errors', 'The query fails, or an output does not answer. Rows are retried.', 'Errors', 'Total', TOLERATED_FAILURES);
  alert(
    'LateAlert',
    'late',
    'Events arrive later than lateSeconds. Their time was changed.',
    'LateInputEvents',
    'Total',
    TOLERATED_FAILURES,
  );
  alert(
    'BehindAlert',
    'behind',
    'The job is behind its source. After their retention, events are lost.',
    'OutputWatermarkDelaySeconds',
    'Maximum',
    healthySeconds + BEHIND_SECONDS,
  );
  alert(
    'BacklogAlert',
    'backlog',
    'Events wait for the job. If this lasts, it needs more units.',
    'InputEventsSourcesBacklogged',
    'Maximum',
    BACKLOG,
  );
  alert(
    'MemoryAlert',
    'memory',
    'The job is about to run out of memory. It needs more units, or smaller windows.',
    'ResourceUtilization',
    'Maximum',
    MEMORY_PERCENT,
  );

  const running = `AzureMetrics | where ResourceId =~ "${jobId}" and MetricName == "ResourceUtilization"`;
  const query = `${running} | summarize reports = sum(Count) | where coalesce(reports, 0) == 0`;
  const description = 'The job does not run. Events wait in its source, and are lost after their retention.';
  const stopped = alertOnLogs(scope, 'StoppedAlert', { name: `${name}-stopped`, description, site, notify, query });
  stopped.dependsOn = [dependable(started)];
}
