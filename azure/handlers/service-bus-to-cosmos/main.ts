import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { cosmosSink } from '../../runtime/sinks/cosmos';
import { serviceBusSource } from '../../runtime/sources/service-bus';

app.generic('process', serviceBusSource({ transform, sink: cosmosSink('STORE'), deadLetter: deadLetterContainer('DEAD_LETTER') }));
