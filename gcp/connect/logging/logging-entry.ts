import type { LoggingProjectSink } from '@cdktf/provider-google/lib/logging-project-sink';
import { Construct } from 'constructs';
import { takeName } from '../../../shared/synth/kept-name';
import { SettingError } from '../../../shared/synth/settings';
import { needApis } from '../../foundation/apis';
import type { NotificationSink } from '../../ports/delivery';
import type { Workload } from '../../ports/identity';
import type { Site } from '../../ports/site';
import { EVENT_OF_LOG_ENTRY } from './log-entry-event';
import { createLogSink, loggingAgent } from './log-sink';
import { ownLogs } from './own-logs';
import { requireSinkSettings, takeDestination } from './sink-settings';

/** Settings for {@link LoggingEntry}. */
export interface LoggingEntryProps {
  /** The project, the region and the prefix of the sink. */
  readonly site: Site;
  /** Where the events go: a buffer that creates its topic. */
  readonly sink: NotificationSink;
  /**
   * Which log entries of the project become events, in the Logging query language, such as `severity>=ERROR`. The logs of the platform
   * itself are never taken. A change is made in place.
   * @see https://cloud.google.com/logging/docs/view/logging-query-language
   */
  readonly filter: string;
  /**
   * The end of the name of the log sink: 1 to 40 lower-case letters, digits and hyphens, starting with a letter. Each sink of a site
   * needs its own name. A sink of this name that is there already is changed. A change of the name is a new sink: entries in between
   * are not taken.
   * @default logs
   */
  readonly name?: string;
  /**
   * After how many minutes without an entry an alert opens an incident, from 15 to 1410.
   * @default - no such alert: many logs are silent for hours
   */
  readonly maxSilenceMinutes?: number;
  /**
   * The ids of the notification channels that every alert notifies.
   * @default - alerts open an incident without a notification
   */
  readonly notify?: readonly string[];
}

/**
 * Connect stage: log entries of the project become events of a buffer, without code. The id of an event is made of the insert id and
 * the time of its entry, its source is the log, its subject the type of the monitored resource, and its data is the entry.
 *
 * The permission to publish is granted before the sink exists, so nothing is lost at the start. Entries that were written before the
 * sink was created are not taken. All log sinks of the project write as one identity, so with this permission another sink of the
 * project can publish there too. Cloud Logging can send an entry twice, and drops one that it cannot deliver: an alert tells so.
 *
 * The logs of the platform itself are excluded, because what it does with an entry would be the next entry. They are known by the
 * prefix of the site. If a reader, a dataset, a bucket or a service account has another name, exclude it in `filter`:
 * `severity>=ERROR AND NOT resource.labels.service_name="reader"`.
 *
 * Routing costs nothing, also idle; a million entries of 1 kB cost about 4 cents in Pub/Sub. Do not use it to keep logs: use
 * `LoggingArchive`. Do not use it to search logs, which Cloud Logging does where they are. The deployer needs the role Logs
 * Configuration Writer.
 * @see https://cloud.google.com/logging/docs/routing/overview
 */
export class LoggingEntry extends Construct implements Workload {
  readonly name: string;
  readonly member: string;
  readonly project: string;
  /** The log sink, for anything this construct does not cover. */
  readonly resource: LoggingProjectSink;

  constructor(scope: Construct, id: string, props: LoggingEntryProps) {
    super(scope, id);
    const { site, sink, filter, name = 'logs', maxSilenceMinutes, notify = [] } = props;
    requireSinkSettings(this, { name, filter, maxSilenceMinutes, notify });
    if (sink.regionOnly) {
      const remedy = 'Leave enforceInTransit of the buffer out: Cloud Logging publishes from the regions of the entries.';
      throw new SettingError(this, 'sink must accept messages from all regions', 'a buffer with enforceInTransit', remedy);
    }
    takeName(this, 'log sink of a site', name, [site.project, site.prefix]);
    takeDestination(this, 'sink', sink);
    needApis(this, 'logging', 'monitoring');
    [this.name, this.project] = [name, site.project];

    this.member = loggingAgent(this, site);
    const { topic, waitFor } = sink.bindNotifications(this, EVENT_OF_LOG_ENTRY);
    const destination = `pubsub.googleapis.com/${topic}`;
    const { member } = this;
    const exclusions = ownLogs(site);
    this.resource = createLogSink(this, { site, name, member, destination, filter, exclusions, waitFor, maxSilenceMinutes, notify });
  }
}
