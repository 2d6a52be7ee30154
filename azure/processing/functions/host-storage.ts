import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { STORAGE_ACCOUNT } from '../../foundation/answers';
import { SECURE_ACCOUNT } from '../../foundation/storage/secure-account';
import type { Binding, FunctionWorkload } from '../../ports/identity';
import type { Site } from '../../ports/site';

/** Settings for {@link HostStorage}. */
export interface HostStorageProps {
  /** The resource group and the region of the storage account. */
  readonly site: Site;
  /** The middle of the name of the storage account. */
  readonly name: string;
}

/**
 * The host storage of a function app: its package, its locks, and the checkpoint of each partition. It is a separate account,
 * because the host requires the role Storage Blob Data Owner, which must not cover data.
 *
 * It holds no data. But if it is lost, the app reads the hub from the start again. The host gets no role for tables, where it
 * would only write diagnostic events: these are missing in the portal.
 * @see https://learn.microsoft.com/azure/azure-functions/storage-considerations
 */
export class HostStorage extends Construct {
  /** The storage account, for anything this construct does not cover. */
  readonly account: StorageAccount;
  /** The address of the container that packages are deployed to. */
  readonly packagesUrl: string;

  constructor(scope: Construct, id: string, { site, name }: HostStorageProps) {
    super(scope, id);
    this.account = new StorageAccount(this, 'Account', {
      name: `${site.prefix}${name}${site.suffix}`,
      resourceGroupName: site.resourceGroupName,
      location: site.location,
      ...SECURE_ACCOUNT,
      accountReplicationType: 'LRS',
      blobProperties: { deleteRetentionPolicy: { days: 7 }, containerDeleteRetentionPolicy: { days: 7 } },
    });
    keepAddress(this.account, name);
    const packages = new StorageContainer(this, 'Packages', {
      name: 'packages',
      storageAccountId: this.account.id,
      containerAccessType: 'private',
    });
    keepAddress(packages, `${name}-packages`);
    acknowledge(this.account, {
      CKV_AZURE_33: 'The host uses no queues here, so there are no calls to log.',
      ...STORAGE_ACCOUNT,
      CKV_AZURE_206:
        'It holds no data: a new account and a deploy replace what was lost. For more copies, set accountReplicationType on the account.',
      CKV2_AZURE_1:
        'It holds the package and positions in the hub, no data. Azure encrypts it with a Microsoft-managed key. For your own key, add a StorageAccountCustomerManagedKey to the account.',
    });
    acknowledge(packages, {
      CKV2_AZURE_21:
        'The host renews its locks all day, so logs would cost much and show little. To have them, add a MonitorDiagnosticSetting to the account.',
    });
    this.packagesUrl = `${this.account.primaryBlobEndpoint}${packages.name}`;
  }

  /**
   * Let the host of `app` use this storage, with app settings that start with `name`. The setting `name` itself must not
   * exist: the extensions of the host use it as a connection string, even if it is empty, and ignore the others.
   */
  bindOwner(app: FunctionWorkload, name: string): Binding {
    const role = new RoleAssignment(app, 'HostOwner', {
      scope: this.account.id,
      roleDefinitionName: 'Storage Blob Data Owner',
      principalId: app.principalId,
      principalType: app.principalType,
    });
    return {
      settings: {
        [`${name}__accountName`]: this.account.name,
        [`${name}__credential`]: 'managedidentity',
        [`${name}__clientId`]: app.clientId,
        // Where the handler writes notes that must outlive its process.
        HOST_ENDPOINT: this.account.primaryBlobEndpoint,
      },
      waitFor: [role],
    };
  }
}
