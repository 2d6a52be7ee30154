import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { blobSink } from '../../runtime/sinks/blob';
import { eventHubsSource } from '../../runtime/sources/event-hubs';

// Not app.eventHub: it cannot request bytes, so the host would parse each event. Azure/azure-functions-nodejs-library#72.
app.generic('process', eventHubsSource({ transform, sink: blobSink('STORE'), deadLetter: deadLetterContainer('DEAD_LETTER') }));
