import { DataFactory } from '@cdktf/provider-azurerm/lib/data-factory';
import { DataFactoryDatasetBinary } from '@cdktf/provider-azurerm/lib/data-factory-dataset-binary';
import { DataFactoryLinkedServiceAzureBlobStorage } from '@cdktf/provider-azurerm/lib/data-factory-linked-service-azure-blob-storage';
import { DataFactoryPipeline } from '@cdktf/provider-azurerm/lib/data-factory-pipeline';
import { DataFactoryTriggerTumblingWindow } from '@cdktf/provider-azurerm/lib/data-factory-trigger-tumbling-window';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import { ACTION_GROUPS, FOLDERS, requireNumber, requireText, requireTexts, SettingError } from '../../../shared/synth/settings';
import { needResourceProviders } from '../../foundation/resource-providers';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';
import { copyActivity } from './copy-activity';
import { EVERY, NAME, REASONS, RETRIES, START } from './copy-rules';
import { observeCopy } from './observe-copy';

/** Settings for {@link DataFactoryCopy}. */
export interface DataFactoryCopyProps {
  /** The resource group, the region and the workspace of the factory. */
  readonly site: Site;
  /**
   * The middle of the name of the factory: 1 to 20 lower-case letters and digits, starting with a letter. Each factory of a site and of
   * a stack needs its own name.
   * @default copy
   */
  readonly name?: string;
  /** The store that files are copied from. */
  readonly from: ObjectStore;
  /** The store that files are copied to. It must be another one: a copy into the store that it reads would copy its own copies. */
  readonly to: ObjectStore;
  /**
   * When the first window starts, in UTC, such as `2026-01-01T00:00:00Z`. Windows of the past are copied too, one after the other.
   * Another time replaces the trigger, which then copies all windows again.
   */
  readonly startTime: string;
  /**
   * How long a window is, from 5 to 44640 minutes. Each window is copied once, after its end. Another length replaces the trigger,
   * which then copies all windows since `startTime` again, into folders of other names.
   * @default 60
   */
  readonly everyMinutes?: number;
  /**
   * How often a failed window is tried again, a minute later, from 0 to 10 times. After the last try, the alert fires.
   * @default 3
   */
  readonly maxRetries?: number;
  /**
   * The folders in `from` to copy, such as `events/`.
   * @default - all files
   */
  readonly prefix?: string;
  /**
   * The ids of the action groups that every alert notifies.
   * @default - alerts fire without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Copies the files of one store to another one on a schedule, without code. Each window copies the files that were written in it, into
 * a folder named after its start: a second run of a window writes the same names again. A file that is overwritten later is copied again in
 * that window.
 *
 * It is no buffer: nothing can be put into it, and it keeps no data. It does not take events as they come: use a processor. It does not
 * start at a new file: Azure lets only Contributors of Event Grid on the whole account do that. Do not use it for small amounts that come
 * all the time: each window is billed for at least a minute. A window that failed for good stays failed: run it again in the portal.
 *
 * Idle it costs nothing. An hourly copy costs about 13 USD a month, and more if a copy takes longer than a minute. A deploy changes all
 * settings in place but the name, which replaces the factory, and `startTime` and `everyMinutes`, which replace the trigger.
 * @see https://learn.microsoft.com/azure/data-factory/how-to-create-tumbling-window-trigger
 */
export class DataFactoryCopy extends Construct implements Workload {
  readonly name: string;
  /** The object id of the identity of the factory, which reads and writes the stores. */
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';
  /** The factory, for anything this construct does not cover. */
  readonly factory: DataFactory;
  /** The pipeline. Its parameters are the start and the end of a window. */
  readonly pipeline: DataFactoryPipeline;
  /** The trigger, which keeps which windows were copied. */
  readonly trigger: DataFactoryTriggerTumblingWindow;

  constructor(scope: Construct, id: string, props: DataFactoryCopyProps) {
    super(scope, id);
    const { site, name = 'copy', from, to, startTime, everyMinutes = 60, maxRetries = 3, prefix, notify } = props;
    requireText(this, { name }, NAME);
    requireText(this, { startTime }, START);
    requireNumber(this, { everyMinutes }, EVERY, 'known');
    requireNumber(this, { maxRetries }, RETRIES, 'known');
    if (prefix !== undefined) requireText(this, { prefix }, FOLDERS);
    requireTexts(this, { notify }, ACTION_GROUPS);
    if (from === to) throw new SettingError(this, 'from and to must be two stores', 'one', 'A copy would copy its own copies.');
    takeName(this, 'factory of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(this, 'Microsoft.DataFactory', 'Microsoft.Insights');

    this.name = `${site.prefix}-${name}`;
    this.factory = new DataFactory(this, 'Factory', {
      name: `${site.prefix}-${name}-${site.suffix}`,
      resourceGroupName: site.resourceGroupName,
      location: site.location,
      identity: { type: 'SystemAssigned' },
      publicNetworkEnabled: true,
    });
    keepAddress(this.factory, name);
    acknowledge(this.factory, REASONS);
    this.principalId = this.factory.identity.principalId;

    const [source, target] = [from.bindReader(this, 'FROM'), to.bindWriter(this, 'TO')];
    const [input, output] = [this.dataset('From', 'FROM', source), this.dataset('To', 'TO', target)];
    this.pipeline = new DataFactoryPipeline(this, 'Pipeline', {
      name,
      dataFactoryId: this.factory.id,
      concurrency: 1,
      parameters: { windowStart: '', windowEnd: '' },
      activitiesJson: JSON.stringify([copyActivity(input.name, output.name, prefix)]),
    });
    this.trigger = new DataFactoryTriggerTumblingWindow(this, 'Trigger', {
      name,
      dataFactoryId: this.factory.id,
      frequency: 'Minute',
      interval: everyMinutes,
      startTime,
      // A file gets its time from the clock of the store.
      delay: '00:05:00',
      maxConcurrency: 1,
      retry: maxRetries === 0 ? undefined : { count: maxRetries, interval: 60 },
      pipeline: {
        name: this.pipeline.name,
        parameters: { windowStart: '@trigger().outputs.windowStartTime', windowEnd: '@trigger().outputs.windowEndTime' },
      },
      dependsOn: [...source.waitFor, ...target.waitFor],
    });
    keepAddress(this.trigger, name);
    observeCopy(this, { site, name, everyMinutes, notify, factory: this.factory, pipeline: this.pipeline });
  }

  /** A store as the factory sees it: its address, and a folder in it. */
  private dataset(id: 'From' | 'To', name: 'FROM' | 'TO', { settings }: Binding): DataFactoryDatasetBinary {
    const [serviceEndpoint, container] = [settings[`${name}_ENDPOINT`], settings[`${name}_CONTAINER`]];
    if (serviceEndpoint === undefined || container === undefined) {
      const remedy = 'Use a BlobStore, or a zone of a DataLakeStore.';
      throw new SettingError(this, `${id.toLowerCase()} must be a store with a container`, 'another one', remedy);
    }
    const link = new DataFactoryLinkedServiceAzureBlobStorage(this, `${id}Link`, {
      name: id.toLowerCase(),
      dataFactoryId: this.factory.id,
      useManagedIdentity: true,
      serviceEndpoint,
      // Without it, a copy with an identity fails.
      storageKind: 'StorageV2',
    });
    return new DataFactoryDatasetBinary(this, `${id}Files`, {
      name: id.toLowerCase(),
      dataFactoryId: this.factory.id,
      linkedServiceName: link.name,
      parameters: { folder: '' },
      azureBlobStorageLocation: { container, path: '@dataset().folder', dynamicPathEnabled: true },
    });
  }
}
