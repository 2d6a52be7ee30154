import { app } from '@azure/functions';
import { transform } from '../../../shared/runtime/transform';
import { openFrom } from '../../runtime/created-blobs';
import { deadLetterContainer } from '../../runtime/dead-letter';
import { cosmosSink } from '../../runtime/sinks/cosmos';
import { blobByStorageQueueSource } from '../../runtime/sources/blob-by-storage-queue';

app.generic(
  'process',
  blobByStorageQueueSource({
    transform,
    open: openFrom('SOURCE'),
    sink: cosmosSink('STORE'),
    deadLetter: deadLetterContainer('DEAD_LETTER'),
  }),
);
