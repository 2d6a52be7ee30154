import type { Binding, Workload } from './identity';

/** A store of objects. */
export interface ObjectStore {
  /** Let `writer` add and overwrite objects. The narrowest role of Azure for it also allows to read and delete. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` list and read objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** A store of objects in a container, as a service sees it that watches the storage account itself. */
export interface ContainerStore extends ObjectStore {
  readonly container: { readonly name: string; readonly storageAccountIdInput?: string };
}

/** A store of rows. */
export interface TableStore {
  /** Let `writer` add rows, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
