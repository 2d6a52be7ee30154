import { deadLetterTopic } from '../../../../../../gcp/runtime/dead-letter';
import { cloudStorageSink } from '../../../../../../gcp/runtime/sinks/cloud-storage';
import { pubSubPullSource } from '../../../../../../gcp/runtime/sources/pub-sub-pull';
import { pulledSubscription } from '../../../../../../gcp/runtime/sources/pub-sub-pull/subscription';
import { work } from '../../../../../../gcp/runtime/work';
import type { Transform } from '../../../../../../shared/runtime/event';

/** Events of the type `exit` end the process, as a transform with a fault may. */
const transform: Transform = (event) => (event.type === 'exit' ? process.exit(3) : event);

const subscription = pulledSubscription('EVENTS');

work(pubSubPullSource({ transform, subscription, sink: cloudStorageSink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') }));
