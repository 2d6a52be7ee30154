import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { cosmosSink } from '../../runtime/sinks/cosmos';
import { storageQueueSource } from '../../runtime/sources/storage-queue';

app.generic('process', storageQueueSource({ transform, sink: cosmosSink('STORE'), deadLetter: deadLetterContainer('DEAD_LETTER') }));
