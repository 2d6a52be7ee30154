import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { openFrom } from '../../runtime/created-blobs';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { cosmosSink } from '../../runtime/sinks/cosmos';
import { blobByServiceBusSource } from '../../runtime/sources/blob-by-service-bus';

app.generic(
  'process',
  blobByServiceBusSource({
    transform,
    open: openFrom('SOURCE'),
    sink: cosmosSink('STORE'),
    deadLetter: deadLetterContainer('DEAD_LETTER'),
  }),
);
