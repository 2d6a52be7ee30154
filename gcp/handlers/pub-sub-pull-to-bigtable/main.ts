import { transform } from '../../../shared/runtime/transform';
import { deadLetterTopic } from '../../runtime/dead-letter';
import { bigtableSink } from '../../runtime/sinks/bigtable';
import { pubSubPullSource } from '../../runtime/sources/pub-sub-pull';
import { pulledSubscription } from '../../runtime/sources/pub-sub-pull/subscription';
import { work } from '../../runtime/work';

const subscription = pulledSubscription('EVENTS');

work(pubSubPullSource({ transform, subscription, sink: bigtableSink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') }));
