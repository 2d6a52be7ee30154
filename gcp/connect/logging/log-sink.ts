import { DataGoogleLoggingProjectSettings } from '@cdktf/provider-google/lib/data-google-logging-project-settings';
import { LoggingProjectSink, type LoggingProjectSinkExclusions } from '@cdktf/provider-google/lib/logging-project-sink';
import { type ITerraformDependable, Op, TerraformSelf } from 'cdktf';
import type { Construct } from 'constructs';
import { keepAddress } from '../../../shared/synth/kept-name';
import { alertAbove, alertOnAbsence } from '../../foundation/alert';
import type { Site } from '../../ports/site';

/** What a sink takes, where it goes, and who is told. */
export interface LogSinkConfig {
  readonly site: Site;
  /** The end of its name. */
  readonly name: string;
  /** The IAM member that writes to the destination, which has its permission already. */
  readonly member: string;
  /** The destination, such as `pubsub.googleapis.com/projects/example/topics/logs`. */
  readonly destination: string;
  readonly filter: string;
  readonly exclusions?: LoggingProjectSinkExclusions[];
  readonly waitFor: readonly ITerraformDependable[];
  readonly maxSilenceMinutes?: number;
  readonly notify: readonly string[];
}

/**
 * The service agent of Cloud Logging in the project, which all sinks of the project write as. To read it creates it, so it gets its
 * permission before the first sink.
 * @see https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects/getSettings
 */
export function loggingAgent(scope: Construct, { project, waitFor }: Site): string {
  const settings = new DataGoogleLoggingProjectSettings(scope, 'Agent', { project, dependsOn: [...waitFor] });
  return `serviceAccount:${settings.loggingServiceAccountId}`;
}

/**
 * Create a sink, with an alert on entries that it could not deliver, and one on silence. Google drops what a sink may not write, and
 * only says so in a mail to owners of the project. So the apply fails if the sink writes as another identity than the granted one.
 * @see https://cloud.google.com/logging/docs/export/configure_export_v2
 */
export function createLogSink(scope: Construct, config: LogSinkConfig): LoggingProjectSink {
  const { site, member, destination, filter, exclusions, waitFor, maxSilenceMinutes, notify } = config;
  const { project } = site;
  const sink = new LoggingProjectSink(scope, 'Sink', {
    project,
    name: `${site.prefix}-${config.name}`,
    destination,
    filter,
    exclusions,
    uniqueWriterIdentity: true,
    dependsOn: [...waitFor],
    lifecycle: {
      postcondition: [
        {
          condition: Op.eq(TerraformSelf.getString('writer_identity'), member),
          errorMessage: 'The sink writes as another identity than the service agent of Cloud Logging. Delete it, and apply again.',
        },
      ],
    },
  });
  // The provider adopts a sink that has the name. At another address, it would be adopted and then deleted in one apply.
  keepAddress(sink, config.name);
  const ofSink = (metric: string) => [
    'resource.type = "logging_sink"',
    `resource.labels.name = "${sink.name}"`,
    `metric.type = "logging.googleapis.com/exports/${metric}"`,
  ];
  alertAbove(scope, 'Errors', {
    project,
    title: `${sink.name}: entries that could not be delivered`,
    condition: 'exports/error_count',
    filter: ofSink('error_count'),
    kind: 'counter',
    above: 0,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning: 'Log entries could not be delivered and are not sent again. They are in the log buckets of the project, if these keep them.',
    notify,
  });
  if (maxSilenceMinutes === undefined) return sink;
  const silent = {
    project,
    title: `${sink.name}: no entries`,
    condition: 'exports/log_entry_count is absent',
    filter: ofSink('log_entry_count'),
    meaning: `No log entry was delivered for ${maxSilenceMinutes} minutes. What writes the logs is down, or the sink was changed.`,
    notify,
  };
  alertOnAbsence(scope, 'Silent', silent, maxSilenceMinutes * 60);
  return sink;
}
