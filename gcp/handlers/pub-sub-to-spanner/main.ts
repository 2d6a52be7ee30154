import { transform } from '../../../shared/runtime/transform';
import { deadLetterTopic } from '../../runtime/dead-letter';
import { spannerSink } from '../../runtime/sinks/spanner';
import { pubSubPushSource } from '../../runtime/sources/pub-sub-push';

export const handler = pubSubPushSource({ transform, sink: spannerSink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') });
