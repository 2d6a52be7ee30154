import { StreamAnalyticsOutputBlob } from '@cdktf/provider-azurerm/lib/stream-analytics-output-blob';
import { StreamAnalyticsOutputEventhub } from '@cdktf/provider-azurerm/lib/stream-analytics-output-eventhub';
import { StreamAnalyticsOutputServicebusQueue } from '@cdktf/provider-azurerm/lib/stream-analytics-output-servicebus-queue';
import type { ITerraformDependable, TerraformResource } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import { SettingError } from '../../../shared/synth/settings';
import { segment } from '../../foundation/arm-id';
import type { DirectStore } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { RecordSink } from '../../ports/records';
import { MESSAGE_COLUMN } from './query';

/** How files are written. */
export interface FileFormat {
  readonly format: 'parquet' | 'json';
  readonly fileMinutes: number;
}

/** The job that an output belongs to. */
interface Job {
  readonly streamAnalyticsJobName: string;
  readonly resourceGroupName: string;
}

/** A file is written early if a batch has this many rows. Azure accepts no more. */
const MAX_ROWS = 10_000;
const LINES = { type: 'Json', encoding: 'UTF8', format: 'LineSeparated' };

/** A hub is a sink too, and is read by `bindDelivery`. */
export function isRecordSink(output: DirectStore | RecordSink): output is RecordSink {
  return typeof (output as Partial<RecordSink> | undefined)?.bindEvents === 'function';
}

/** One output of a job: what it may write to, and how. It acts as the job, with a role of its own. */
export class JobOutput extends Construct implements Workload {
  readonly name: string;
  readonly principalId: string;
  readonly principalType: Workload['principalType'];
  /** The role assignments. They must exist before the job, or its first writes are denied. */
  readonly waitFor: readonly ITerraformDependable[];
  private readonly make: (job: Job, output: string) => TerraformResource;

  constructor(
    scope: Construct,
    private readonly output: string,
    workload: Workload,
    to: DirectStore | RecordSink,
    files: FileFormat,
  ) {
    super(scope, output);
    ({ name: this.name, principalId: this.principalId, principalType: this.principalType } = workload);
    const target = isRecordSink(to) ? to.bindEvents(this) : to.bindDelivery(this);
    this.waitFor = target.waitFor;
    const common = (job: Job, name: string) => ({ name, ...job, authenticationMode: 'Msi' });
    if (!('endpoint' in target)) {
      const { storageAccountName, containerName: storageContainerName, prefix } = target;
      this.make = (job, name) =>
        new StreamAnalyticsOutputBlob(this, 'Resource', {
          ...common(job, name),
          storageAccountName,
          storageContainerName,
          pathPattern: `${prefix}year={datetime:yyyy}/month={datetime:MM}/day={datetime:dd}/hour={datetime:HH}`,
          // Required, and without an effect on a path without {date} and {time}.
          dateFormat: 'yyyy/MM/dd',
          timeFormat: 'HH',
          blobWriteMode: 'Append',
          batchMinRows: MAX_ROWS,
          batchMaxWaitTime: new Date(files.fileMinutes * 60_000).toISOString().slice(11, 19),
          serialization: files.format === 'parquet' ? { type: 'Parquet' } : LINES,
        });
      return;
    }
    const { endpoint } = target;
    const message = { serialization: LINES, propertyColumns: [MESSAGE_COLUMN] };
    if ('eventhubEndpointId' in endpoint) {
      const [servicebusNamespace, eventhubName] = [segment(endpoint.eventhubEndpointId, 8), segment(endpoint.eventhubEndpointId, 10)];
      this.make = (job, name) =>
        new StreamAnalyticsOutputEventhub(this, 'Resource', { ...common(job, name), servicebusNamespace, eventhubName, ...message });
    } else if ('serviceBusQueueEndpointId' in endpoint) {
      const [servicebusNamespace, queueName] = [
        segment(endpoint.serviceBusQueueEndpointId, 8),
        segment(endpoint.serviceBusQueueEndpointId, 10),
      ];
      this.make = (job, name) =>
        new StreamAnalyticsOutputServicebusQueue(this, 'Resource', { ...common(job, name), servicebusNamespace, queueName, ...message });
    } else
      throw new SettingError(
        this,
        'it must be a store of objects, a hub or a Service Bus queue',
        'another queue',
        'Give a ServiceBusBuffer.',
      );
  }

  /** Add the output to a job that now exists. Its address in the state comes from the name of the job. */
  addTo(job: Job, jobName: string): TerraformResource {
    const resource = this.make(job, this.output);
    keepAddress(resource, `${jobName}-${this.output}`);
    return resource;
  }
}
