import { DataFactory } from '@cdktf/provider-azurerm/lib/data-factory';
import { DataFactoryDatasetBinary } from '@cdktf/provider-azurerm/lib/data-factory-dataset-binary';
import { DataFactoryLinkedServiceAzureBlobStorage } from '@cdktf/provider-azurerm/lib/data-factory-linked-service-azure-blob-storage';
import { DataFactoryPipeline } from '@cdktf/provider-azurerm/lib/data-factory-pipeline';
import type { DataFactoryTriggerBlobEvent } from '@cdktf/provider-azurerm/lib/data-factory-trigger-blob-event';
import type { DataFactoryTriggerTumblingWindow } from '@cdktf/provider-azurerm/lib/data-factory-trigger-tumbling-window';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress, takeName } from '../../../shared/synth/kept-name';
import {
  ACTION_GROUPS,
  FOLDERS,
  requireNumber,
  requireOneOf,
  requireText,
  requireTexts,
  SettingError,
} from '../../../shared/synth/settings';
import { needResourceProviders } from '../../foundation/resource-providers';
import { NAME } from '../../foundation/rules';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { ContainerStore } from '../../ports/stores';
import { copyActivity, filesOfWindow, NEW_FILE } from './copy-activity';
import { EVERY, REASONS, RETRIES, requireStores, START } from './copy-rules';
import { onCreated, onWindows } from './copy-trigger';
import { observeCopy } from './observe-copy';

/** Settings for {@link DataFactoryCopy}. */
export interface DataFactoryCopyProps {
  /** The resource group, the region and the workspace of the factory. */
  readonly site: Site;
  /**
   * The middle of the name of the factory: 1 to 20 lower-case letters and digits, starting with a letter. Each factory of a site needs
   * its own name.
   * @default copy
   */
  readonly name?: string;
  /** The store that files are copied from: a `BlobStore`, or a zone of a `DataLakeStore`. */
  readonly from: ContainerStore;
  /** The store that files are copied to, another one. */
  readonly to: ContainerStore;
  /**
   * When files are copied. `windows`: on a schedule, all files that were written in a window. `created`: each new file by itself,
   * within a minute or two. For `created`, whoever deploys must be Contributor of the storage account of `from`.
   * @default windows
   */
  readonly on?: 'windows' | 'created';
  /**
   * When the first window starts, in UTC, such as `2026-01-01T00:00:00Z`. Windows of the past are copied too, one after the other,
   * before those of today: a start of a year ago is 8,760 windows of an hour, which take days and cost about 160 USD. Another time
   * replaces the trigger, which then copies all windows again.
   * @default - required for windows, and not allowed for `created`
   */
  readonly startTime?: string;
  /**
   * How long a window is, from 5 to 44640 minutes. Each window is copied once, after its end. Another length replaces the trigger,
   * which then copies all windows since `startTime` again, into folders of other names. Windows of more than a day have no alert if
   * none is copied: Azure evaluates the logs of two days at most.
   * @default 60
   */
  readonly everyMinutes?: number;
  /**
   * How often a failed copy is tried again, after a minute each, from 0 to 10 times. After the last try, the alert fires.
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
 * Copies the files of one store to another one, without code: on a schedule, or each file when it is created.
 *
 * On a schedule, each window copies the files that were written in it, into a folder named after its start. A second run of a window
 * writes the same names again. A file that is overwritten later is copied again in that window. A new file keeps its folder and its
 * name. Use windows where no file may be missing: files that were there before the trigger, or that are created while an apply
 * changes it, are not copied, and Azure gives up on an event after a day.
 *
 * It is no buffer: nothing can be put into it, and it keeps no data. Do not use it for events as they come: use a processor. Do not
 * use it for many small files: each run is billed for at least a minute. A copy that failed for good is not repeated: run it again in
 * the portal.
 *
 * Idle it costs nothing. An hourly copy costs about 14 USD a month, a thousand new files about 19 USD, and more if a copy takes
 * longer than a minute. A deploy changes all settings in place but the name, which replaces the factory, and `on`, `startTime` and
 * `everyMinutes`, which replace the trigger. With `created`, Data Factory creates an Event Grid subscription, which is not in the
 * state; an account has one system topic, so a later `deliverCreated` on the same store must be given that as its `systemTopic`.
 * @see https://learn.microsoft.com/azure/data-factory/how-to-create-tumbling-window-trigger
 */
export class DataFactoryCopy extends Construct implements Workload {
  readonly name: string;
  /** The object id of the identity of the factory, which reads and writes the stores. */
  readonly principalId: string;
  readonly principalType = 'ServicePrincipal';
  /** The factory, for anything this construct does not cover. */
  readonly factory: DataFactory;
  /** The pipeline. Its parameters are the start and the end of a window, or a folder and a file. */
  readonly pipeline: DataFactoryPipeline;
  /** The trigger. That of windows keeps which ones were copied. */
  readonly trigger: DataFactoryTriggerTumblingWindow | DataFactoryTriggerBlobEvent;

  private readonly from: ContainerStore;
  private readonly to: ContainerStore;

  constructor(scope: Construct, id: string, props: DataFactoryCopyProps) {
    super(scope, id);
    const { site, name = 'copy', from, to, on = 'windows', startTime = '', everyMinutes = 60, maxRetries = 3, prefix, notify } = props;
    requireText(this, { name }, NAME);
    requireOneOf(this, { on }, ['windows', 'created'], 'Leave it out for windows.');
    requireNumber(this, { everyMinutes }, EVERY, 'known');
    requireNumber(this, { maxRetries }, RETRIES, 'known');
    if (prefix !== undefined) requireText(this, { prefix }, FOLDERS);
    requireTexts(this, { notify }, ACTION_GROUPS);
    if (on === 'windows') requireText(this, { startTime }, START);
    else this.requireNoWindows(props);
    requireStores(this, props, this.others());
    takeName(this, 'factory of a site', name, [site.prefix, site.suffix]);
    needResourceProviders(this, 'Microsoft.DataFactory', 'Microsoft.Insights');

    [this.name, this.from, this.to] = [`${site.prefix}-${name}`, from, to];
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
    const copied = on === 'windows' ? filesOfWindow(prefix) : NEW_FILE;
    const input = this.dataset('From', from, source, copied.file !== undefined);
    const output = this.dataset('To', to, target, false);
    this.pipeline = new DataFactoryPipeline(this, 'Pipeline', {
      name,
      dataFactoryId: this.factory.id,
      concurrency: on === 'windows' ? 1 : undefined,
      parameters: copied.parameters,
      activitiesJson: JSON.stringify([copyActivity(input.name, output.name, copied, maxRetries)]),
    });
    const { factory, pipeline } = this;
    const triggered = { name, factory, pipeline, waitFor: [...source.waitFor, ...target.waitFor] };
    this.trigger =
      on === 'windows' ? onWindows(this, triggered, { startTime, everyMinutes }) : onCreated(this, triggered, { from, prefix });
    keepAddress(this.trigger, name);
    observeCopy(this, { site, name, notify, factory, pipeline, windows: on === 'windows' ? { startTime, everyMinutes } : undefined });
  }

  private requireNoWindows({ startTime, everyMinutes }: DataFactoryCopyProps) {
    const given = Object.entries({ startTime, everyMinutes }).flatMap(([setting, value]) => (value === undefined ? [] : [setting]));
    if (given.length === 0) return;
    const got = given.join(' and ');
    throw new SettingError(this, "on 'created' has no windows", `${got} beside it`, `Leave ${got} out.`);
  }

  /** The copies of the app that exist already. */
  private others() {
    return this.node.root.node
      .findAll()
      .filter((one): one is DataFactoryCopy => one instanceof DataFactoryCopy && one.factory !== undefined)
      .map(({ from, to, node }) => ({ from, to, path: node.path }));
  }

  /** A store as the factory sees it: its address, and a folder in it, or a file. */
  private dataset(id: 'From' | 'To', store: ContainerStore, { settings }: Binding, isFile: boolean): DataFactoryDatasetBinary {
    const name = id.toLowerCase();
    const link = new DataFactoryLinkedServiceAzureBlobStorage(this, `${id}Link`, {
      name,
      dataFactoryId: this.factory.id,
      useManagedIdentity: true,
      serviceEndpoint: settings[`${id.toUpperCase()}_ENDPOINT`],
      // Without it, a copy with an identity fails.
      storageKind: 'StorageV2',
    });
    return new DataFactoryDatasetBinary(this, `${id}Files`, {
      name,
      dataFactoryId: this.factory.id,
      linkedServiceName: link.name,
      parameters: isFile ? { folder: '', file: '' } : { folder: '' },
      azureBlobStorageLocation: {
        container: store.container.name,
        path: '@dataset().folder',
        dynamicPathEnabled: true,
        ...(isFile ? { filename: '@dataset().file', dynamicFilenameEnabled: true } : {}),
      },
    });
  }
}
