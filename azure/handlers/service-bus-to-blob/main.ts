import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { blobSink } from '../../runtime/sinks/blob';
import { serviceBusSource } from '../../runtime/sources/service-bus';

app.generic('process', serviceBusSource({ transform, sink: blobSink('STORE'), deadLetter: deadLetterContainer('DEAD_LETTER') }));
