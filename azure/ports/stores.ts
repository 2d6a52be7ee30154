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

/** A store whose files Spark reads and writes, by the Data Lake API. */
export interface LakeStore extends ContainerStore {
  /** The address of its files. */
  readonly url: string;
  /**
   * Let `catalog`, which hands out access to files for a short time as Unity Catalog does, read the files, or also write and delete
   * them. The setting `NAME_PATH` is the path for Spark: `abfss://...`.
   */
  bindCatalog(catalog: Workload, name: string, may: 'read' | 'write'): Binding;
}

/** A store of rows. */
export interface TableStore {
  /** Let `writer` add rows, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
