import type { Binding, Workload } from './identity';

/** A store of objects. */
export interface ObjectStore {
  /** Let `writer` add objects. It cannot read or delete them. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` list and read objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** A store of rows. */
export interface TableStore {
  /** Let `writer` add rows. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
