import type { DataFactory } from '@cdktf/provider-azurerm/lib/data-factory';
import type { DataFactoryPipeline } from '@cdktf/provider-azurerm/lib/data-factory-pipeline';
import { DataFactoryTriggerBlobEvent } from '@cdktf/provider-azurerm/lib/data-factory-trigger-blob-event';
import { DataFactoryTriggerTumblingWindow } from '@cdktf/provider-azurerm/lib/data-factory-trigger-tumbling-window';
import { EventgridSystemTopic } from '@cdktf/provider-azurerm/lib/eventgrid-system-topic';
import { Aspects, dependable, type ITerraformDependable, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { ContainerStore } from '../../ports/stores';

interface Triggered {
  readonly name: string;
  readonly factory: DataFactory;
  readonly pipeline: DataFactoryPipeline;
  /** The role assignments. They must exist before the first run, or it is denied. */
  readonly waitFor: readonly ITerraformDependable[];
}

/** Run the pipeline for each window, one after the other. */
export function onWindows(
  scope: Construct,
  { name, factory, pipeline, waitFor }: Triggered,
  { startTime, everyMinutes }: { readonly startTime: string; readonly everyMinutes: number },
): DataFactoryTriggerTumblingWindow {
  return new DataFactoryTriggerTumblingWindow(scope, 'Trigger', {
    name,
    dataFactoryId: factory.id,
    frequency: 'Minute',
    interval: everyMinutes,
    startTime,
    // A file gets its time from the clock of the store.
    delay: '00:05:00',
    maxConcurrency: 1,
    pipeline: {
      name: pipeline.name,
      parameters: { windowStart: '@trigger().outputs.windowStartTime', windowEnd: '@trigger().outputs.windowEndTime' },
    },
    dependsOn: [...waitFor],
  });
}

/**
 * Run the pipeline for each new file of a container. Data Factory subscribes to the events of the account itself, with the rights of
 * whoever deploys.
 * @see https://learn.microsoft.com/azure/data-factory/how-to-create-event-trigger
 */
export function onCreated(
  scope: Construct,
  { name, factory, pipeline, waitFor }: Triggered,
  { from, prefix = '' }: { readonly from: ContainerStore; readonly prefix?: string },
): DataFactoryTriggerBlobEvent {
  needResourceProviders(scope, 'Microsoft.EventGrid');
  const { name: container, storageAccountIdInput: accountId = '' } = from.container;
  const trigger = new DataFactoryTriggerBlobEvent(scope, 'Trigger', {
    name,
    dataFactoryId: factory.id,
    storageAccountId: accountId,
    events: ['Microsoft.Storage.BlobCreated'],
    blobPathBeginsWith: `/${container}/blobs/${prefix}`,
    // A client of the Data Lake API creates a file empty, and fills it later.
    ignoreEmptyBlobs: true,
    pipeline: [{ name: pipeline.name, parameters: { folder: '@triggerBody().folderPath', file: '@triggerBody().fileName' } }],
    dependsOn: [...waitFor],
  });
  waitForTopic(trigger, accountId);
  return trigger;
}

/** An account has one system topic. If the stack creates it, the trigger must come after it: otherwise Azure creates another one. */
function waitForTopic(trigger: DataFactoryTriggerBlobEvent, accountId: string) {
  Aspects.of(TerraformStack.of(trigger)).add({
    visit: (one) => {
      if (one instanceof EventgridSystemTopic && one.sourceResourceIdInput === accountId) trigger.dependsOn?.push(dependable(one));
    },
  });
}
