import { BigqueryDatasetAccessA } from '@cdktf/provider-google/lib/bigquery-dataset-access';
import type { BigqueryTable } from '@cdktf/provider-google/lib/bigquery-table';
import { BigqueryTableIamMember } from '@cdktf/provider-google/lib/bigquery-table-iam-member';
import type { IConstruct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import type { Workload } from '../../ports/identity';
import type { ViewNames } from '../../ports/stores';
import type { Place } from './dataset';

const WRITER =
  'Google has no predefined role that only adds rows. This role can also read and change this table. If a writer must not ' +
  'read, grant a custom role with bigquery.tables.get and bigquery.tables.updateData.';

/**
 * Let a view of another dataset read all tables of the dataset, whoever queries it.
 * @see https://cloud.google.com/bigquery/docs/authorized-views
 */
export function authorize(
  holder: IConstruct,
  { project, datasetId, address }: Place,
  name: string,
  view: ViewNames,
): BigqueryDatasetAccessA {
  const entry = new BigqueryDatasetAccessA(holder, 'Authorized', { project, datasetId, view });
  // At another address it would be created before the old one is deleted, and be gone then.
  keepAddress(entry, `${address}_shown_by_${name}`);
  return entry;
}

/** Who may change a table, by member. */
const writers = new WeakMap<BigqueryTable, Map<string, BigqueryTableIamMember>>();

/** Let a workload add rows to a table. */
export function allowToWrite(writer: Workload, id: string, place: Place, table: BigqueryTable): BigqueryTableIamMember {
  const grant = allow(writer, id, 'roles/bigquery.dataEditor', place, table);
  acknowledge(grant, { 'least-privilege': WRITER });
  writers.set(table, (writers.get(table) ?? new Map()).set(writer.member, grant));
  return grant;
}

/** Let a workload read a table or a view. Who was allowed to write the table before reads it by the same role. */
export function allowToRead(reader: Workload, id: string, place: Place, table: BigqueryTable): BigqueryTableIamMember {
  return writers.get(table)?.get(reader.member) ?? allow(reader, id, 'roles/bigquery.dataViewer', place, table);
}

function allow(workload: Workload, id: string, role: string, { project, datasetId }: Place, table: BigqueryTable): BigqueryTableIamMember {
  const { member, forEach } = workload;
  return new BigqueryTableIamMember(workload, id, { project, datasetId, tableId: table.id, role, member, forEach });
}
