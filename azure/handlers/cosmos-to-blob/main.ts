import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { blobSink } from '../../runtime/sinks/blob';
import { cosmosSource } from '../../runtime/sources/cosmos';

app.generic('process', cosmosSource({ transform, sink: blobSink('STORE'), deadLetter: deadLetterContainer('DEAD_LETTER') }));
