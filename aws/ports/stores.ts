import type { Binding, Workload } from './identity';

/** A store of objects. */
export interface ObjectStore {
  /** Allow `writer` to add objects, and nothing else: it can neither read nor delete them. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Allow `reader` to list and read objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** A store of rows. */
export interface TableStore {
  /** Allow `writer` to add rows, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Allow `reader` to query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
