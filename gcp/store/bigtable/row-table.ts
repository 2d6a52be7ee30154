import { BigtableGcPolicy } from '@cdktf/provider-google/lib/bigtable-gc-policy';
import { BigtableTable } from '@cdktf/provider-google/lib/bigtable-table';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';

/** Settings for {@link RowTable}. */
export interface RowTableProps {
  readonly project: string;
  /** The id of the instance. */
  readonly instanceName: string;
  readonly tableId: string;
  /** The column family of all cells. */
  readonly family: string;
  /**
   * How long a row is kept after the time of its event.
   * @default - forever
   */
  readonly retentionDays?: number;
  readonly backupRetentionDays: number;
  /** Whether it may be deleted. */
  readonly destroy: boolean;
  /** The start of the addresses in the state. */
  readonly name: string;
  readonly dependsOn: ITerraformDependable[];
}

/**
 * Part of the Store stage: a table with one column family and daily backups, and what Bigtable deletes in it.
 *
 * Google refuses to delete a protected table, its column family, and its instance.
 * @see https://cloud.google.com/bigtable/docs/garbage-collection
 */
export class RowTable extends Construct {
  readonly table: BigtableTable;
  readonly garbageCollection: BigtableGcPolicy;

  constructor(scope: Construct, id: string, props: RowTableProps) {
    super(scope, id);
    const { project, instanceName, tableId, family, retentionDays, backupRetentionDays, destroy, name, dependsOn } = props;
    this.table = new BigtableTable(this, 'Table', {
      project,
      instanceName,
      name: tableId,
      columnFamily: [{ family }],
      automatedBackupPolicy: { frequency: '24h0m0s', retentionPeriod: `${backupRetentionDays * 24}h0m0s` },
      deletionProtection: destroy ? 'UNPROTECTED' : 'PROTECTED',
      dependsOn,
      lifecycle: destroy ? undefined : { preventDestroy: true },
    });
    keepAddress(this.table, name);
    this.garbageCollection = new BigtableGcPolicy(this, 'GarbageCollection', {
      project,
      instanceName,
      table: this.table.name,
      columnFamily: family,
      gcRules: gcRules(retentionDays),
      // Google does not delete the policy of a table that is in two clusters.
      deletionPolicy: 'ABANDON',
      // Without it, Google refuses to keep the cells of such a table for longer.
      ignoreWarnings: true,
    });
    keepAddress(this.garbageCollection, name);
  }
}

/** The sink writes one version of a cell. Of others, such as those of a user, the last one is kept. */
function gcRules(retentionDays?: number): string {
  const lastVersion = { max_version: 1 };
  if (retentionDays === undefined) return JSON.stringify({ rules: [lastVersion] });
  return JSON.stringify({ mode: 'union', rules: [{ max_age: `${retentionDays * 24}h` }, lastVersion] });
}
