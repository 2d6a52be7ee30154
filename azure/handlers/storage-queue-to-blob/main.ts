import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { blobSink } from '../../runtime/sinks/blob';
import { storageQueueSource } from '../../runtime/sources/storage-queue';

app.generic('process', storageQueueSource({ transform, sink: blobSink('STORE'), deadLetter: deadLetterContainer('DEAD_LETTER') }));
