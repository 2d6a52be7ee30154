import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { storageTableSink } from '../../runtime/sinks/storage-table';
import { eventHubsSource } from '../../runtime/sources/event-hubs';

app.generic('process', eventHubsSource({ transform, sink: storageTableSink('STORE'), deadLetter: deadLetterContainer('DEAD_LETTER') }));
