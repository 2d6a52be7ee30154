import { transform } from '../../../shared/runtime/transform';
import { deadLetterTopic } from '../../runtime/dead-letter';
import { bigQueryUpsertSink } from '../../runtime/sinks/bigquery-upsert';
import { pubSubPushSource } from '../../runtime/sources/pub-sub-push';

export const handler = pubSubPushSource({ transform, sink: bigQueryUpsertSink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') });
