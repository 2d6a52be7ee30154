import { Duration } from 'aws-cdk-lib';
import type { IEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import type { Delivery } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { DeadLetter, RecordSource } from '../../ports/records';

/** The objects of a store, read when a queue delivers the events of their creation. */
export class CreatedObjects implements RecordSource {
  readonly format = 's3';
  readonly deadLetter: DeadLetter;

  /** @param bindContent allows to read the objects */
  constructor(
    private readonly queue: RecordSource,
    readonly bindContent: (reader: Workload, name: string) => Binding,
  ) {
    this.deadLetter = queue.deadLetter;
  }

  /** By default a batch is one object, without a wait: an object is a unit of work with many events in it. */
  deliverTo(target: FunctionWorkload, delivery: Delivery = {}): IEventSourceMapping {
    const { batchSize = 1, batchWindow = Duration.seconds(batchSize === 1 ? 0 : 5) } = delivery;
    return this.queue.deliverTo(target, { ...delivery, batchSize, batchWindow });
  }

  bindReader(reader: Workload, name: string): Binding {
    const [queue, content] = [this.queue.bindReader(reader, name), this.bindContent(reader, name)];
    return { settings: { ...queue.settings, ...content.settings }, waitFor: [...queue.waitFor, ...content.waitFor] };
  }
}

/**
 * Refuse to read new objects without their events, or from anything but a queue.
 * @throws SettingError
 */
export function requireCreated(store: IConstruct, { format }: RecordSource, sendsCreated: boolean) {
  if (!sendsCreated) {
    throw new SettingError(store, 'readCreated requires events of new objects', 'none', 'Call deliverCreated with the queue first.');
  }
  if (format === 'sqs') return;
  const remedy = 'Give the queue of deliverCreated: a queue retries each object alone.';
  throw new SettingError(store, 'readCreated requires a queue', `a source of ${format}`, remedy);
}

/** A store, as a part of a bucket. */
interface Place extends IConstruct {
  readonly bucket: IBucket;
  readonly prefix: string;
}

const [writers, readers] = [new WeakMap<Workload, Place[]>(), new WeakMap<Workload, Place[]>()];

/**
 * Refuse a loop: a workload that writes objects where it also reads new objects would be called for each of its own, without end.
 * @param does whether the workload writes objects to the store, or reads its new objects
 * @throws SettingError
 */
export function requireNoLoop(store: Place, does: 'write' | 'read', workload: Workload) {
  const [own, others] = does === 'write' ? [writers, readers] : [readers, writers];
  own.set(workload, [...(own.get(workload) ?? []), store]);
  const other = others.get(workload)?.find((one) => overlap(one, store));
  if (!other) return;
  const remedy = 'Each object that it writes would call it again, without end: give another store, or one with another prefix.';
  throw new SettingError(workload, 'a reader of new objects must not write where it reads', `${other.node.path} for both`, remedy);
}

/** Whether objects of one store can be in the other. */
function overlap(one: Place, other: Place): boolean {
  return one.bucket.bucketArn === other.bucket.bucketArn && (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix));
}
