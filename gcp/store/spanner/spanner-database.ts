import { SpannerBackupSchedule } from '@cdktf/provider-google/lib/spanner-backup-schedule';
import { SpannerDatabase } from '@cdktf/provider-google/lib/spanner-database';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { keepAddress } from '../../../shared/synth/kept-name';
import { literal } from '../../../shared/synth/literal';
import { googleKey } from '../../foundation/answers';

/** What a database is like. */
interface Kept {
  readonly project: string;
  /** The id of the instance. */
  readonly instance: string;
  readonly name: string;
  /** Its address in the state, and that of its backup schedule. */
  readonly address: string;
  readonly statements: readonly string[];
  readonly versionRetentionDays: number;
  readonly backupRetentionDays: number;
  readonly cryptoKeyId?: string;
  /** Whether it may be deleted. */
  readonly destroy: boolean;
  readonly dependsOn: ITerraformDependable[];
}

/**
 * Create a database and its daily backups. Two protections stop a deletion: that of Google, with any tool, and that of Terraform.
 * @see https://cloud.google.com/spanner/docs/prevent-database-deletion
 */
export function databaseOf(scope: Construct, kept: Kept): SpannerDatabase {
  const { project, instance, name, address, statements, cryptoKeyId, destroy, dependsOn } = kept;
  const place = { project, instance };
  const database = new SpannerDatabase(scope, 'Database', {
    ...place,
    name,
    databaseDialect: 'GOOGLE_STANDARD_SQL',
    ddl: statements.map(literal),
    versionRetentionPeriod: `${kept.versionRetentionDays}d`,
    encryptionConfig: cryptoKeyId ? { kmsKeyName: cryptoKeyId } : undefined,
    enableDropProtection: !destroy,
    deletionProtection: !destroy,
    dependsOn,
    lifecycle: destroy ? undefined : { preventDestroy: true },
  });
  keepAddress(database, address);
  if (!cryptoKeyId) acknowledge(database, { CKV_GCP_93: googleKey('encryptionKey on the store') });
  const backups = new SpannerBackupSchedule(scope, 'Backups', {
    ...place,
    database: database.name,
    name: 'daily',
    spec: { cronSpec: { text: '0 2 * * *' } },
    fullBackupSpec: {},
    retentionDuration: `${kept.backupRetentionDays * 24 * 3600}s`,
  });
  keepAddress(backups, address);
  return database;
}
