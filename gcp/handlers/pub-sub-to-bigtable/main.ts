import { transform } from '../../../shared/runtime/transform';
import { deadLetterTopic } from '../../runtime/dead-letter';
import { bigtableSink } from '../../runtime/sinks/bigtable';
import { pubSubPushSource } from '../../runtime/sources/pub-sub-push';

export const handler = pubSubPushSource({ transform, sink: bigtableSink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') });
