import { deadLetterTopic } from '../../../../../../gcp/runtime/dead-letter';
import { cloudStorageSink } from '../../../../../../gcp/runtime/sinks/cloud-storage';
import { pubSubPushSource } from '../../../../../../gcp/runtime/sources/pub-sub-push';
import type { Transform } from '../../../../../../shared/runtime/event';

/** What events of some types do to the process, as a transform with a fault may. */
const DEADLY: Readonly<Record<string, () => unknown>> = {
  exit: () => process.exit(3),
  loop: () => {
    for (;;);
  },
  memory: () => {
    const kept: number[][] = [];
    for (;;) kept.push(new Array(1_000_000).fill(0.5));
  },
  // Outside of the heap, which the engine does not bound.
  buffers: () => {
    const kept: Buffer[] = [];
    for (;;) kept.push(Buffer.alloc(1_000_000, 1));
  },
  'a promise that nobody holds': () => void Promise.reject(new Error('later')),
};

const transform: Transform = (event) => {
  DEADLY[event.type]?.();
  return event;
};

export const handler = pubSubPushSource({ transform, sink: cloudStorageSink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') });
