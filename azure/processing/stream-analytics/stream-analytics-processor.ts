import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { StreamAnalyticsJob } from '@cdktf/provider-azurerm/lib/stream-analytics-job';
import { StreamAnalyticsJobSchedule } from '@cdktf/provider-azurerm/lib/stream-analytics-job-schedule';
import { StreamAnalyticsStreamInputEventhubV2 } from '@cdktf/provider-azurerm/lib/stream-analytics-stream-input-eventhub-v2';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import type { TerraformResource } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { canonicalGuid, canonicalId, segment } from '../../foundation/arm-id';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { DirectSource, DirectStore } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import type { Site } from '../../ports/site';
import { watchJob } from './job-alerts';
import { JobOutput } from './job-output';
import { queryOf, requireOutputs, requireSettings, requireSource } from './job-settings';
import { INPUT } from './query';

/** Settings for {@link StreamAnalyticsProcessor}. */
export interface StreamAnalyticsProcessorProps {
  /** The resource group, the region and the workspace of the job. */
  readonly site: Site;
  /** The hub that the job reads, from the next event on. The query calls it `events`. */
  readonly source: DirectSource;
  /**
   * The stores, hubs and Service Bus queues that the job writes to, by the names that the query uses: `{ store, alerts }`. A row
   * for a hub or a queue needs a column `kind`, which becomes a property of the message.
   */
  readonly outputs: Readonly<Record<string, DirectStore | RecordSink>>;
  /**
   * The query: it reads `FROM [events]`, and writes `INTO` each output. {@link SPIKES_AND_DIPS} is one. A change restarts the job,
   * and windows start empty. `*` is each event with three columns of Azure: `EventProcessedUtcTime`, `PartitionId` and
   * `EventEnqueuedUtcTime`. A handler that reads a hub or a queue refuses these, so name the attributes of events for those.
   * @default - each event is written to the store, with these columns. With several outputs, a hub or a queue, the query is required
   * @see https://learn.microsoft.com/stream-analytics-query/stream-analytics-query-language-reference
   */
  readonly query?: string;
  /**
   * The name of the job and of its consumer group: 1 to 20 lower-case letters and digits, a letter first. A change creates a new
   * job, which starts with the next event.
   * @default stream
   */
  readonly name?: string;
  /**
   * The streaming units: 3 is a third of a unit, 7 two thirds, 10 one unit, 20 two. Azure bills them by the hour, also without
   * events.
   * @default 3
   */
  readonly units?: number;
  /**
   * How long to wait for late events, in seconds, from 0 to 1814399. A later event gets a later time. It matters only in a query
   * with `TIMESTAMP BY`, and a source without events delays its windows by as long.
   * @default 300
   */
  readonly lateSeconds?: number;
  /**
   * Over how many seconds events are sorted by their time, from 0 to 599. It matters only in a query with `TIMESTAMP BY`.
   * @default 5
   */
  readonly outOfOrderSeconds?: number;
  /**
   * The format of files: Parquet, or lines of JSON.
   * @default parquet
   */
  readonly format?: 'parquet' | 'json';
  /**
   * After how many minutes a file is written, from 1 to 60. With 10,000 rows it is written earlier.
   * @default 5
   */
  readonly fileMinutes?: number;
  /**
   * Whether a start goes on after the last output. Without it, a start reads from the next event: what arrived while the job was
   * stopped is skipped. Azure refuses it for a job that has never written, so set it after the first rows are stored, and leave it.
   * @default false
   */
  readonly resume?: boolean;
  /**
   * An existing user-assigned identity. The roles that the job needs are assigned to it.
   * @default - a new identity, for this job only
   */
  readonly identity?: { readonly id: string; readonly principalId: string };
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Processing stage: a Stream Analytics job, which runs a SQL query over a hub, without code.
 *
 * It has no dead letter. An event that is no JSON object is skipped, and only an alert tells of it; the event contract is not
 * checked. A row that does not fit its output is retried, and blocks the rows after it, until the query is corrected: an alert
 * tells of that too. Rows are written at least once, so a file can repeat rows of another. Where no event may be lost, use a
 * `FunctionProcessor`. Cosmos DB, tables and Power BI are refused as outputs: Stream Analytics needs keys for them, or an identity
 * that exists only after the job.
 *
 * The job runs all the time: about 30 USD a month with the default units, also without events. An apply that changes the job,
 * its query or an output stops it, changes it and starts it again: set `resume` after the first deploy. Nothing stored is lost.
 * @see https://learn.microsoft.com/azure/stream-analytics/stream-analytics-introduction
 */
export class StreamAnalyticsProcessor extends Construct implements Workload {
  readonly name: string;
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';
  /** The job, for anything this construct does not cover. */
  readonly job: StreamAnalyticsJob;
  /** What starts the job, and stops it before a change. */
  readonly schedule: StreamAnalyticsJobSchedule;
  /** A command that shows whether the job runs, and when it wrote last. */
  readonly stateCommand: string;

  constructor(scope: Construct, id: string, props: StreamAnalyticsProcessorProps) {
    super(scope, id);
    const { site, source, outputs, name = 'stream', units = 3, lateSeconds = 300, outOfOrderSeconds = 5 } = props;
    const { format = 'parquet', fileMinutes = 5, resume = false, notify } = props;
    const { resourceGroupName, location } = site;
    requireSettings(this, { name, units, lateSeconds, outOfOrderSeconds, format, fileMinutes, resume, identity: props.identity, notify });
    requireSource(this, source);
    requireOutputs(this, outputs, source);
    const query = queryOf(this, outputs, props.query);
    takeName(this, 'Stream Analytics job of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(this, 'Microsoft.Insights', 'Microsoft.ManagedIdentity', 'Microsoft.StreamAnalytics');
    this.name = `${site.prefix}-${name}-job`;

    const identity = props.identity ?? new UserAssignedIdentity(this, 'Identity', { name: this.name, resourceGroupName, location });
    const identityId = canonicalId(identity.id, 'Microsoft.ManagedIdentity/userAssignedIdentities');
    this.principalId = canonicalGuid(identity.principalId);
    const read = source.bindDelivery(this);
    // In a scope of their own, so that an output may have any name.
    const scopeOfOutputs = new Construct(this, 'Outputs');
    const written = Object.entries(outputs).map(([output, to]) => new JobOutput(scopeOfOutputs, output, this, to, { format, fileMinutes }));

    this.job = new StreamAnalyticsJob(this, 'Job', {
      name: this.name,
      resourceGroupName,
      location,
      skuName: 'StandardV2',
      streamingUnits: units,
      compatibilityLevel: '1.2',
      contentStoragePolicy: 'SystemAccount',
      // With Drop, rows that do not fit an output are lost without a trace.
      outputErrorPolicy: 'Stop',
      eventsOutOfOrderPolicy: 'Adjust',
      eventsOutOfOrderMaxDelayInSeconds: outOfOrderSeconds,
      eventsLateArrivalMaxDelayInSeconds: lateSeconds,
      identity: { type: 'UserAssigned', identityIds: [identityId] },
      transformationQuery: query,
      dependsOn: [...read.waitFor, ...written.flatMap(({ waitFor }) => waitFor)],
    });
    keepAddress(this.job, name);
    const input = new StreamAnalyticsStreamInputEventhubV2(this, 'Input', {
      name: INPUT,
      streamAnalyticsJobId: this.job.id,
      authenticationMode: 'Msi',
      servicebusNamespace: segment(read.id, 8),
      eventhubName: segment(read.id, 10),
      eventhubConsumerGroupName: read.consumerGroup,
      serialization: { type: 'Json', encoding: 'UTF8' },
    });
    keepAddress(input, `${name}-${INPUT}`);
    const ends = written.map((output) => output.addTo({ streamAnalyticsJobName: this.job.name, resourceGroupName }, name));

    const logs = new MonitorDiagnosticSetting(this, 'Logs', {
      name: 'log-analytics',
      targetResourceId: this.job.id,
      logAnalyticsWorkspaceId: site.workspaceId,
      enabledLog: [{ categoryGroup: 'allLogs' }],
      enabledMetric: [{ category: 'AllMetrics' }],
    });
    this.schedule = this.start([this.job, input, ...ends], logs, name, resume);
    const healthySeconds = lateSeconds + fileMinutes * 60;
    watchJob(this, { site, name: `${site.prefix}-${name}`, jobId: this.job.id, healthySeconds, started: this.schedule, notify });
    this.stateCommand = `az resource show --ids ${this.job.id} --query '[properties.jobState, properties.lastOutputEventTime]' --output tsv`;
  }

  /**
   * A running job refuses each change. So the schedule is replaced with every change: the job is stopped, changed and started.
   * The addresses are plain texts: for a resource CDKTF writes "${...}", which Terraform refuses. hashicorp/terraform-cdk#3532.
   */
  private start(parts: readonly TerraformResource[], logs: TerraformResource, name: string, resume: boolean): StreamAnalyticsJobSchedule {
    const schedule = new StreamAnalyticsJobSchedule(this, 'Schedule', {
      streamAnalyticsJobId: this.job.id,
      startMode: resume ? 'LastOutputEventTime' : 'JobStartTime',
      dependsOn: [...parts, logs],
      lifecycle: { replaceTriggeredBy: parts.map((part) => `${part.terraformResourceType}.${part.friendlyUniqueId}`) },
    });
    keepAddress(schedule, name);
    return schedule;
  }
}
