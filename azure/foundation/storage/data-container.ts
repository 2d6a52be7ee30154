import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { acknowledge } from '../../../shared/synth/acknowledge';
import type { DeliveryTarget, DirectStore } from '../../ports/delivery';
import type { Binding, Workload } from '../../ports/identity';
import type { ObjectStore } from '../../ports/stores';
import type { Lock } from '../lock';

const WRITER =
  'Azure has no built-in role that writes blobs and neither reads nor deletes them. In an account created here, deleted blobs can be restored. If a writer must ' +
  'not read, assign a custom role with blobs/write only.';

const READER = 'Azure has no built-in role that reads blobs and not the settings of their container.';

/** The account of a container, and how it is reached. */
export interface ContainerPlace {
  readonly accountName: string;
  /** The address of its blobs. */
  readonly endpoint: string;
  /**
   * The lock of the account.
   * @default - no lock
   */
  readonly lock?: Lock;
}

/** A binding, with the role assignment that it created. */
export interface BlobBinding extends Binding {
  readonly role: RoleAssignment;
}

/** Grants access to a container, with the settings to reach it. */
export class DataContainer implements ObjectStore, DirectStore {
  constructor(
    /** The container, for anything this class does not cover. */
    readonly resource: StorageContainer,
    private readonly place: ContainerPlace,
  ) {}

  bindWriter(writer: Workload, name: string): BlobBinding {
    return this.bind(writer, name, 'Writer');
  }

  bindReader(reader: Workload, name: string): BlobBinding {
    return this.bind(reader, name, 'Reader');
  }

  bindDelivery(deliverer: Workload): DeliveryTarget {
    const { waitFor } = this.bind(deliverer, 'STORE', 'Writer');
    return { storageAccountName: this.place.accountName, containerName: this.resource.name, prefix: '', waitFor };
  }

  private bind(workload: Workload, name: string, as: 'Writer' | 'Reader'): BlobBinding {
    const { principalId, principalType, forEach } = workload;
    const { endpoint, lock } = this.place;
    const roleDefinitionName = as === 'Writer' ? 'Storage Blob Data Contributor' : 'Storage Blob Data Reader';
    const grant = { scope: this.resource.id, roleDefinitionName, principalId, principalType, forEach };
    const role = new RoleAssignment(workload, `${name}${as}`, grant);
    lock?.over(role);
    acknowledge(role, { 'least-privilege': as === 'Writer' ? WRITER : READER });
    return {
      settings: {
        [`${name}_ENDPOINT`]: endpoint,
        [`${name}_CONTAINER`]: this.resource.name,
      },
      waitFor: [role],
      role,
    };
  }
}
