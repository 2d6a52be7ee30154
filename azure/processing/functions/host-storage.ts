import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { STORAGE_ACCOUNT } from '../../foundation/answers';
import { CLOSED_ACCOUNT } from '../../foundation/storage-account';
import type { Binding, FunctionWorkload } from '../../ports/identity';
import type { Site } from '../../ports/site';

/** Settings for {@link HostStorage}. */
export interface HostStorageProps {
  /** Where the storage stands. */
  readonly site: Site;
  /** The middle of the name of the storage account. */
  readonly name: string;
}

/**
 * What a function app keeps for itself: its package, its locks, and how far it has read each partition. An account of its
 * own, so that the role Owner, which the host asks for, never covers data.
 *
 * It holds no data, but whoever loses it reads the hub from its start again. The host gets no role for tables: it would write
 * diagnostic events there, and nothing else. They are missing from the portal.
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
      ...CLOSED_ACCOUNT,
      accountReplicationType: 'LRS',
      blobProperties: { deleteRetentionPolicy: { days: 7 }, containerDeleteRetentionPolicy: { days: 7 } },
    });
    keepAddress(this.account, name);
    const packages = new StorageContainer(this, 'Packages', {
      name: 'packages',
      storageAccountId: this.account.id,
      containerAccessType: 'private',
    });
    keepAddress(packages, `${name}_packages`);
    acknowledge(this.account, {
      CKV_AZURE_33: 'The host keeps no queues here, so there are no calls of theirs to log.',
      ...STORAGE_ACCOUNT,
      CKV_AZURE_206:
        'It holds no data: a new account, and a deploy into it, replace what was lost. For more copies, set accountReplicationType on the account.',
      CKV2_AZURE_1:
        'It holds the package and positions in the hub, no data. Azure encrypts it with a key of its own. For a key of yours, add a StorageAccountCustomerManagedKey to the account.',
    });
    acknowledge(packages, {
      CKV2_AZURE_21:
        'The host renews its locks all day, and logs of that cost more than they tell. To have them, add a MonitorDiagnosticSetting to the account.',
    });
    this.packagesUrl = `${this.account.primaryBlobEndpoint}${packages.name}`;
  }

  /**
   * Let the host of `app` keep what it needs, under the connection `name`. The plain name stays free: the extensions of the
   * host take whatever stands there for a connection string, be it empty, and never look at the rest.
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
        // Where the handler notes what must outlive its process.
        HOST_ENDPOINT: this.account.primaryBlobEndpoint,
      },
      waitFor: [role],
    };
  }
}
