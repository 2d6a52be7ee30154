import type { Construct } from 'constructs';
import { alertAbove } from '../../foundation/alert';

/** What is watched, and the channels that are notified. */
interface Watched {
  readonly project: string;
  /** The id of the instance. */
  readonly instance: string;
  /** The ids of the notification channels. */
  readonly notify: readonly string[];
}

interface Load {
  readonly id: string;
  /** The metric, below `bigtable.googleapis.com/cluster/`. */
  readonly metric: string;
  readonly abovePercent: number;
  readonly lastingSeconds: number;
  /** What is above it. */
  readonly title: string;
  readonly meaning: string;
}

/** A load above the one that Bigtable scales to by so much means that nodes are missing. */
const MISSING_PERCENT = 10;

const loads = (cpuTargetPercent: number): readonly Load[] => [
  {
    id: 'Cpu',
    metric: 'cpu_load',
    abovePercent: Math.max(80, cpuTargetPercent + MISSING_PERCENT),
    lastingSeconds: 600,
    title: 'CPU',
    meaning: 'The cluster is slow. It has as many nodes as it may have, or Bigtable is still adding some. Raise `maxNodes`.',
  },
  {
    id: 'HottestNode',
    metric: 'cpu_load_hottest_node',
    abovePercent: 90,
    lastingSeconds: 900,
    title: 'one node',
    meaning:
      'One node has most of the load, and more nodes do not help. The rows of one source are next to each other, so a source sends or is read too much: `gcloud bigtable hot-tablets list` shows its keys. Split it into several sources.',
  },
  {
    id: 'Storage',
    metric: 'storage_utilization',
    abovePercent: 70,
    lastingSeconds: 600,
    title: 'storage',
    meaning: 'Above 100 % Bigtable refuses writes. Raise `maxNodes`, because each node holds 5 TB, or set `retentionDays`.',
  },
];

/**
 * Open an incident for a cluster that has too much to do, or too little room.
 * @param cpuTargetPercent the CPU load that Bigtable scales to
 * @see https://cloud.google.com/bigtable/docs/monitoring-instance
 */
export function alertOnLoad(scope: Construct, { project, instance, notify }: Watched, cpuTargetPercent: number) {
  for (const { id, metric, abovePercent, title, ...load } of loads(cpuTargetPercent)) {
    alertAbove(scope, id, {
      ...{ project, notify, ...load },
      above: abovePercent / 100,
      title: `${instance}: ${title} above ${abovePercent} %`,
      condition: `bigtable ${metric}`,
      filter: clusters(instance, metric),
      kind: 'gauge',
      periodSeconds: 60,
    });
  }
}

/** Open an incident if a cluster has had as many nodes as it may have for an hour: from then on it does not scale. */
export function alertOnMostNodes(scope: Construct, { project, instance, notify }: Watched, maxNodes: number) {
  return alertAbove(scope, 'MostNodes', {
    project,
    title: `${instance}: as many nodes as allowed`,
    condition: 'bigtable node_count',
    filter: clusters(instance, 'node_count'),
    kind: 'gauge',
    above: maxNodes - 1,
    periodSeconds: 60,
    lastingSeconds: 3600,
    meaning: `A cluster has had ${maxNodes} nodes for an hour, and may not have more. If more load comes, it is slow. Raise \`maxNodes\`.`,
    notify,
  });
}

/**
 * Open an incident if more than 10 requests to a table fail within five minutes. A row that Bigtable can never accept goes to the
 * dead letter, which has its own alert.
 */
export function alertOnFailedRequests(scope: Construct, { project, instance, notify }: Watched, table: string) {
  return alertAbove(scope, 'FailedRequests', {
    project,
    title: `${instance}/${table}: failed requests`,
    condition: 'bigtable error_count',
    filter: [
      'resource.type = "bigtable_table"',
      `resource.labels.table = "${table}"`,
      `resource.labels.instance = "${instance}"`,
      'metric.type = "bigtable.googleapis.com/server/error_count"',
      'metric.labels.error_code != "INVALID_ARGUMENT"',
    ],
    kind: 'counter',
    above: 10,
    periodSeconds: 300,
    lastingSeconds: 60,
    meaning: 'Requests to the table fail: it is not available, has too much to do, or denies a caller. Writes of events are retried.',
    notify,
  });
}

function clusters(instance: string, metric: string): string[] {
  return [
    'resource.type = "bigtable_cluster"',
    `resource.labels.instance = "${instance}"`,
    `metric.type = "bigtable.googleapis.com/cluster/${metric}"`,
  ];
}
