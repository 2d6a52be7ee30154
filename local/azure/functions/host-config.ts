import { type Coverage, classify, type Treatments } from '../../coverage';

/** The configuration of the Functions host for a hub: `host.json`, with the app settings that override it. */
export interface HostConfig {
  /** How long an invocation may take, in milliseconds. */
  readonly functionTimeout: number;
  readonly maxEventBatchSize: number;
  readonly minEventBatchSize: number;
  /** How long the host waits for a batch of the minimum size, in milliseconds. */
  readonly maxWaitTime: number;
  /** After how many batches a checkpoint is written. */
  readonly batchCheckpointFrequency: number;
  readonly initialOffset: 'fromStart' | 'fromEnd';
}

/** Settings as a tree. */
export type Tree = { [key: string]: unknown };

const PREFIX = 'AzureFunctionsJobHost__';

/** @see https://learn.microsoft.com/azure/azure-functions/functions-host-json */
const HOST_JSON: Treatments = {
  version: (value) => (value === '2.0' ? undefined : 'only version 2.0 is emulated'),
  functionTimeout: isTime,
  extensionBundle: 'no effect here',
  logging: 'no effect here',
  'extensions.eventHubs.maxEventBatchSize': isCount(1),
  'extensions.eventHubs.minEventBatchSize': isCount(1),
  'extensions.eventHubs.maxWaitTime': isTime,
  'extensions.eventHubs.batchCheckpointFrequency': isCount(1),
  'extensions.eventHubs.initialOffsetOptions.type': (value) =>
    /^from(Start|End)$/.test(String(value)) ? undefined : 'only fromStart and fromEnd are emulated',
  'extensions.queues.batchSize': isCount(1),
  'extensions.queues.newBatchThreshold': isCount(0),
  'extensions.queues.maxDequeueCount': isCount(1),
  'extensions.queues.visibilityTimeout': isTime,
  // The emulated host looks for messages all the time.
  'extensions.queues.maxPollingInterval': 'no effect here',
  'extensions.queues.messageEncoding': (value) => (value === 'none' ? undefined : 'only plain text is emulated'),
};

/** `host.json` with the app settings that override it. */
export function hostJson(file: Buffer, settings: Readonly<Record<string, unknown>>): Tree {
  const tree = JSON.parse(file.toString()) as Tree;
  for (const [name, value] of Object.entries(settings))
    if (name.startsWith(PREFIX)) put(tree, name.slice(PREFIX.length).split('__'), value);
  return tree;
}

export function hostCoverage(tree: Tree): Coverage {
  return classify({ 'host.json': HOST_JSON }, 'host.json', 'package', tree);
}

/** The configuration of the host for a hub. Missing settings have the defaults of the host. */
export function hostConfig(tree: Tree): HostConfig {
  const { eventHubs = {} } = (tree.extensions ?? {}) as { eventHubs?: Tree };
  const { type = 'fromStart' } = (eventHubs.initialOffsetOptions ?? {}) as Tree;
  return {
    functionTimeout: functionTimeout(tree),
    maxEventBatchSize: Number(eventHubs.maxEventBatchSize ?? 100),
    minEventBatchSize: Number(eventHubs.minEventBatchSize ?? 1),
    maxWaitTime: time(eventHubs.maxWaitTime ?? '00:01:00'),
    batchCheckpointFrequency: Number(eventHubs.batchCheckpointFrequency ?? 1),
    initialOffset: type as HostConfig['initialOffset'],
  };
}

function put(tree: Tree, [key, ...rest]: readonly string[], value: unknown) {
  // The names of settings are not case-sensitive.
  const known = Object.keys(tree).find((one) => one.toLowerCase() === key!.toLowerCase()) ?? key!;
  if (rest.length === 0) {
    tree[known] = value;
  } else {
    tree[known] ??= {};
    put(tree[known] as Tree, rest, value);
  }
}

/** How long an invocation may take, in milliseconds. */
export function functionTimeout({ functionTimeout: limit = '00:30:00' }: Tree): number {
  return time(limit);
}

/** A time span such as `00:01:30` in milliseconds. */
export function time(text: unknown): number {
  const [hours, minutes, seconds] = String(text).split(':').map(Number);
  return ((hours! * 60 + minutes!) * 60 + seconds!) * 1000;
}

function isTime(value: unknown): string | undefined {
  return /^\d\d:\d\d:\d\d$/.test(String(value)) ? undefined : 'a time is written hh:mm:ss';
}

function isCount(from: number) {
  return (value: unknown) => (Number.isInteger(Number(value)) && Number(value) >= from ? undefined : `it is a whole number from ${from}`);
}
