import type { Binding, Workload } from './identity';

/** Objects in, objects out. */
export interface ObjectStore {
  /** Let `writer` add and overwrite objects. The role for it, the narrowest that Azure has, lets it read and delete too. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` list and read objects, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}

/** Rows in, queries out. */
export interface TableStore {
  /** Let `writer` add rows, and nothing else. */
  bindWriter(writer: Workload, name: string): Binding;
  /** Let `reader` query rows, and nothing else. */
  bindReader(reader: Workload, name: string): Binding;
}
