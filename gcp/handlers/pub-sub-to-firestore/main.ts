import { transform } from '../../../shared/runtime/transform';
import { deadLetterTopic } from '../../runtime/dead-letter';
import { firestoreSink } from '../../runtime/sinks/firestore';
import { pubSubPushSource } from '../../runtime/sources/pub-sub-push';

export const handler = pubSubPushSource({ transform, sink: firestoreSink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') });
