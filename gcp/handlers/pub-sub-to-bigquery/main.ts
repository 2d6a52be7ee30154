import { transform } from '../../../shared/runtime/transform';
import { deadLetterTopic } from '../../runtime/dead-letter';
import { bigQuerySink } from '../../runtime/sinks/bigquery';
import { pubSubPushSource } from '../../runtime/sources/pub-sub-push';

export const handler = pubSubPushSource({ transform, sink: bigQuerySink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') });
