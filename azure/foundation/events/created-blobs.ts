import type { IConstruct } from 'constructs';
import { SettingError } from '../../../shared/synth/settings';
import type { Delivery, DirectSource } from '../../ports/delivery';
import type { Binding, FunctionWorkload, Workload } from '../../ports/identity';
import type { RecordSink, RecordSource } from '../../ports/records';

/** The objects of a container, read when a queue delivers the events of their creation. */
export class CreatedBlobs implements RecordSource {
  readonly format: string;

  /** @param bindContent allows to read the objects */
  constructor(
    private readonly queue: RecordSource,
    readonly bindContent: (reader: Workload, name: string) => Binding,
  ) {
    this.format = `blob-by-${queue.format}`;
  }

  deliverTo(target: FunctionWorkload, delivery?: Delivery): Binding {
    return this.queue.deliverTo(target, delivery);
  }

  bindReader(reader: Workload, name: string): Binding {
    const [queue, content] = [this.queue.bindReader(reader, name), this.bindContent(reader, name)];
    return { settings: { ...queue.settings, ...content.settings }, waitFor: [...queue.waitFor, ...content.waitFor] };
  }
}

/**
 * Refuse to read new objects without their events, or from anything but the queue that gets them.
 * @param sink where the events of new objects are put
 * @throws SettingError
 */
export function requireCreated(store: IConstruct, queue: RecordSource, sink?: RecordSink) {
  if (sink === undefined) {
    throw new SettingError(store, 'readCreated requires events of new objects', 'none', 'Call deliverCreated with the queue first.');
  }
  const { format, bindDelivery } = (queue ?? {}) as Partial<RecordSource & DirectSource>;
  const remedy = 'Give the queue of deliverCreated: a queue retries each object alone.';
  // A hub has `bindDelivery` too, and retries the objects of a batch together.
  if (format === undefined || bindDelivery !== undefined)
    throw new SettingError(store, 'readCreated requires a queue', format === undefined ? 'no source' : `a source of ${format}`, remedy);
  if ((queue as unknown) !== sink)
    throw new SettingError(store, 'readCreated requires the queue of deliverCreated', 'another queue', remedy);
}
