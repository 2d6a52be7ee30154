import { transform } from '../../../shared/runtime/transform';
import { deadLetterTopic } from '../../runtime/dead-letter';
import { cloudStorageSink } from '../../runtime/sinks/cloud-storage';
import { pubSubPushSource } from '../../runtime/sources/pub-sub-push';

export const handler = pubSubPushSource({ transform, sink: cloudStorageSink('STORE'), deadLetter: deadLetterTopic('DEAD_LETTER') });
