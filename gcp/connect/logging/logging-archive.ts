import type { LoggingProjectSink } from '@cdktf/provider-google/lib/logging-project-sink';
import { type ITerraformDependable, TerraformResource, Token } from 'cdktf';
import { Construct } from 'constructs';
import { acknowledge } from '../../../shared/synth/acknowledge';
import { takeName } from '../../../shared/synth/kept-name';
import { requireText, SettingError, type TextRule } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import { Propagation } from '../../foundation/propagation';
import type { Binding, Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import type { ObjectStore } from '../../ports/stores';
import { createLogSink, loggingAgent } from './log-sink';
import { ownFiles } from './own-logs';
import { requireSinkSettings, takeDestination } from './sink-settings';

const NOT_LOCKED =
  'The retention policy of the store, immutableDays, is not locked, because a lock can never be taken back. To lock it, use gcloud ' +
  'storage buckets update --lock-retention-period.';
const LOGS: TextRule = {
  pattern: /^(?=.{1,500}$)([A-Za-z0-9_-][A-Za-z0-9_.-]*\/)+$/,
  must: 'be the start of names of logs that ends in a slash',
  remedy: 'Write it like cloudaudit.googleapis.com/ or syslog/.',
};

/** Settings for {@link LoggingArchive}. */
export interface LoggingArchiveProps {
  /** The project, the region and the prefix of the sink. */
  readonly site: Site;
  /**
   * Where the files go: a `CloudStorageStore` whose `prefix` is `logs`. Cloud Logging names the folders after the logs, and may add
   * files only below the prefix.
   */
  readonly store: ObjectStore;
  /**
   * Which logs are kept: the start of their names, ending with a slash. `cloudaudit.googleapis.com/` is all audit logs of the project,
   * `cloudaudit.googleapis.com/activity/` is one of them.
   * @default cloudaudit.googleapis.com/
   */
  readonly logs?: string;
  /**
   * Which entries of these logs are kept, in the Logging query language, such as `severity>=NOTICE`. A change is made in place.
   * @default - all of them
   */
  readonly filter?: string;
  /**
   * The end of the name of the log sink: 1 to 40 lower-case letters, digits and hyphens, starting with a letter. Each sink of a site
   * needs its own name. A change of the name is a new sink: entries in between are not kept.
   * @default audit
   */
  readonly name?: string;
  /**
   * After how many minutes without an entry an alert opens an incident, from 15 to 1410.
   * @default - no such alert: audit logs can be silent for days
   */
  readonly maxSilenceMinutes?: number;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Connect stage: log entries of the project are kept as files in a bucket, such as an audit archive. With `immutableDays` of the store
 * nobody can delete them for that time. Entries of the platform itself are kept too: nothing reads the files, and the files themselves make no entry.
 *
 * Cloud Logging writes a file for each log and hour, as lines of JSON: `cloudaudit.googleapis.com/activity/2026/01/31/08:00:00_08:59:59_S0.json`.
 * The first files come after two to three hours. The permission is granted before the sink exists, so nothing is lost at the start;
 * entries that were written before are not kept. Google writes an entry again if it is not sure that it was written.
 *
 * Google keeps the audit logs of administrators for 400 days without it. Logs of access to data are off by default: enable them in
 * the IAM policy of the project.
 *
 * Routing costs nothing, also idle; storage is billed by the gigabyte and month, and a log of one hour is a file. Do not use it for
 * entries that are needed within hours: use `LoggingEntry`. The deployer needs the role Logs Configuration Writer.
 * @see https://cloud.google.com/logging/docs/export/storage
 */
export class LoggingArchive extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  /** The log sink, for anything this construct does not cover. */
  readonly resource: LoggingProjectSink;

  constructor(scope: Construct, id: string, props: LoggingArchiveProps) {
    super(scope, id);
    const { site, store, logs = 'cloudaudit.googleapis.com/', name = 'audit', maxSilenceMinutes, notify = [] } = props;
    requireSinkSettings(this, { name, filter: props.filter, maxSilenceMinutes, notify });
    requireText(this, { logs }, LOGS);
    takeName(this, 'log sink of a site', name, [site.project, site.prefix]);
    takeDestination(this, 'store', store);
    needApis(this, 'logging', 'monitoring');
    this.name = name;

    this.member = loggingAgent(this, site);
    const binding = store.bindWriter(this, 'ARCHIVE');
    const bucket = this.bucketOf(binding, logs);
    const waitFor = [new Propagation(this, 'Propagation', binding.waitFor.map(keepMember))];

    this.resource = createLogSink(this, {
      ...{ site, name, waitFor, maxSilenceMinutes, notify },
      member: this.member,
      destination: `storage.googleapis.com/${bucket}`,
      // On a line of its own, the bracket is not part of a comment that ends the filter.
      filter: [namesOf(logs), ...(props.filter === undefined ? [] : [`(${props.filter}\n)`])].join(' AND '),
      exclusions: ownFiles(bucket),
    });
    acknowledge(this.resource, { CKV2_GCP_4: NOT_LOCKED });
  }

  /**
   * The name of the bucket.
   * @throws SettingError if the store is no bucket, or if the folders of the logs are not below its prefix
   */
  private bucketOf({ settings }: Binding, logs: string): string {
    const { ARCHIVE_BUCKET: bucket, ARCHIVE_PREFIX: prefix } = settings;
    if (bucket === undefined || prefix === undefined) {
      throw new SettingError(this, 'store must be a bucket of Cloud Storage', 'another store', 'Use a CloudStorageStore.');
    }
    if (prefix === logs || Token.isUnresolved(prefix) || Token.isUnresolved(logs)) return bucket;
    const remedy = `Set prefix: '${logs}' on the store: Cloud Logging names the folders after the logs.`;
    throw new SettingError(this, `store must have the prefix ${logs}`, `"${prefix}"`, remedy);
  }
}

/** The filter for logs whose names start so. A slash in the name of a log is written as %2F. */
function namesOf(logs: string): string {
  const encoded = logs.slice(0, -1).replaceAll('.', '[.]').replaceAll('/', '%2F');
  return `logName=~"/logs/${encoded}(%2F|$)"`;
}

/** A service agent never changes. Terraform reads it again when an API is added, and would replace the grant. */
function keepMember(grant: ITerraformDependable): ITerraformDependable {
  if (TerraformResource.isTerraformResource(grant)) grant.lifecycle = { ...grant.lifecycle, ignoreChanges: ['member'] };
  return grant;
}
