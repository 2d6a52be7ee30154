import type { Binding, Workload } from './identity';

/** Objects in, objects out. */
export interface ObjectStore {
  /** Let `writer` add objects, and nothing else: it can neither read nor delete them. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` list and read objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** Rows in, queries out. */
export interface TableStore {
  /** Let `writer` add rows. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
