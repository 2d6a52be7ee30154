import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { cosmosSink } from '../../runtime/sinks/cosmos';
import { eventHubsSource } from '../../runtime/sources/event-hubs';

app.generic('process', eventHubsSource({ transform, sink: cosmosSink('STORE'), deadLetter: deadLetterContainer('DEAD_LETTER') }));
