import type { LoggingProjectSinkExclusions } from '@cdktf/provider-google/lib/logging-project-sink';
import type { Site } from '../../ports/site';

/** The labels of a monitored resource with its name, for what a platform has: what runs code, and what holds data. */
const NAMED = [
  ...['service_name', 'job_name', 'function_name', 'worker_pool_name', 'module_id', 'cluster_name', 'environment_name'],
  ...['job_id', 'batch_id', 'workflow_id', 'name', 'topic_id', 'subscription_id', 'database_id', 'instance_id', 'instance'],
];

/**
 * The logs of the platform itself, which a sink into its buffer must not take: each entry would be processed, the processing is
 * logged, and that makes the next entry, without end. Everything that a site creates has the prefix of the site in its name, so no
 * list of services is needed. Excluded are the logs of its resources, and the audit logs of what its service accounts do, and of what
 * Cloud Logging and Pub/Sub do.
 * @see https://cloud.google.com/logging/docs/view/logging-query-language
 */
export function ownLogs({ project, prefix }: Site): LoggingProjectSinkExclusions[] {
  const starts = (label: string, start: string) => `${label}=~"^${start}"`;
  const email = 'protoPayload.authenticationInfo.principalEmail';
  const accounts = `(${prefix}-[a-z0-9-]+@${project}|service-[0-9]+@gcp-sa-(logging|pubsub))[.]iam[.]gserviceaccount[.]com$`;
  return [
    {
      name: 'own-resources',
      description: 'Logs of what the platform creates, which would feed themselves.',
      filter: [
        ...NAMED.map((label) => starts(`resource.labels.${label}`, `${prefix}-`)),
        starts('resource.labels.dataset_id', `${prefix}_`),
        starts('resource.labels.bucket_name', `${project}-${prefix}-`),
        starts('labels."compute.googleapis.com/resource_name"', `${prefix}-`),
      ].join(' OR '),
    },
    {
      name: 'own-accounts',
      description: 'Audit logs of what the platform does, which would feed themselves.',
      filter: starts(email, accounts),
    },
  ];
}

/**
 * The audit logs of the files that Cloud Logging writes itself: each file would be an entry of the next one.
 * @param bucket the name of the bucket
 */
export function ownFiles(bucket: string): LoggingProjectSinkExclusions[] {
  const agent = 'protoPayload.authenticationInfo.principalEmail=~"@gcp-sa-logging[.]iam[.]gserviceaccount[.]com$"';
  return [
    {
      name: 'own-files',
      description: 'Audit logs of the files of this archive, which would feed themselves.',
      filter: `resource.labels.bucket_name="${bucket}" AND ${agent}`,
    },
  ];
}
